"""The code of a cell as plain Python, by IPython's rules, in as many lines as before. Standard library only.

    !cmd                        one call of a helper for commands that move files (`COMMANDS`), else nothing
    x = !cmd, x = %magic        x = a quiet, empty value;  `x = %time s` is `x = s`
    %time s, %prun s            the statement s
    %cd d, %env A=B, %run f     a call of the helper; other line magics: nothing
    %%time, %%prun, %%capture   the body; the name after %%capture is a quiet value
    %%writefile f, %%bash       calls of the helper; other cell magics: nothing
    model?, ??model             nothing
    pip install x, ls, cd d     as `!` lines, but only in a cell that is not Python otherwise (automagic)

The helper is called `_notebook_` (see `notebook.Notebook`). "Nothing" is `pass` where a block may need a statement. A
line counts only where Python would begin a statement: a `%` or `!` in a string or within brackets stays.
"""

import ast
import re
from collections.abc import Iterator

HELPER = "_notebook_"
COMMANDS = ("gdown", "wget", "curl", "cp", "mv", "mkdir", "unzip", "tar", "ln")  # run by the helper, without a shell
_AUTOMAGIC = ("pip", "pip3", "conda", "mamba", "ls", "ll", "cd", "pwd", "cat", "rm", "rmdir", "man", "apt", "apt-get")
_AUTOMAGIC += ("git", "nvidia-smi", "echo", *COMMANDS)
RUN = ("time", "prun", "timeit", "capture")  # cell magics whose body runs in the notebook's own names
MAGIC = re.compile(r"(?P<indent>[ \t]*)(?:[!%]|\?{1,2}[\w.]+[ \t]*(?=\n|\Z)|[A-Za-z_][\w.]*\?{1,2}[ \t]*(?=\n|\Z))")
_ASSIGNED = re.compile(r"(?P<left>[ \t]*[A-Za-z_][\w.,\[\]'\" \t*]*?=[ \t]*)(?P<sign>[!%])(?![=\s])")
# What decides where a statement ends. Quantifiers are possessive, so that no text costs more than linear time.
TOKEN = re.compile(
    r'''#[^\n]*+|"""(?:[^"\\]++|\\.|"(?!""))*+(?:""")?|"(?:[^"\\\n]++|\\.)*+"?'''
    r"""|'''(?:[^'\\]++|\\.|'(?!''))*+(?:''')?|'(?:[^'\\\n]++|\\.)*+'?"""
    r"|[(\[{]|[)\]}]|\\.|[;:\n]",
    re.DOTALL,
)


def plain(cell: str, notebook: bool = True) -> str:
    """The code of a cell as plain Python, as many lines long.

    >>> plain("%time x = 1")
    'x = 1'
    >>> plain("files = !ls")
    "files = _notebook_.quiet('!ls')"
    """
    cell = _dedented(cell.replace("\r\n", "\n").replace("\r", "\n")) if notebook else cell
    magic = re.match(r"(\s*)%%(\w+)[ \t]*([^\n]*)\n?", cell) if notebook else None
    if magic:
        return _cell_magic(cell, magic)
    text = "".join(_plain(cell[start:end], begins_line) for start, end, begins_line in statements(cell))
    return _automagic(text) if notebook and not parses(text) else text


def parses(code: str) -> bool:
    """Whether code is Python; `await` may stand at the top."""
    try:
        compile(code, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _dedented(cell: str) -> str:
    """Without the indentation of the first line and the prompts of a pasted session, as IPython does."""
    first = next((line for line in cell.split("\n") if line.strip()), "")
    if re.match(r"[ \t]*>>> ?", first):
        return re.sub(r"(?m)^[ \t]*(>>>|\.\.\.)( |$)", "", cell)
    indent = first[: len(first) - len(first.lstrip(" \t"))]
    return re.sub(rf"(?m)^{re.escape(indent)}", "", cell) if indent else cell


def _cell_magic(cell: str, magic: re.Match[str]) -> str:
    name, rest, body = magic[2], magic[3].strip(), cell[magic.end() :]
    lines = "\n" * cell[: magic.end()].count("\n")
    if name in RUN:
        words = [word for word in rest.split() if not word.startswith("-")]
        held = f"{words[0]} = {HELPER}.quiet({words[0]!r})" if name == "capture" and words else ""
        return lines[:-1] + held + ("\n" if lines else "") + plain(body)
    if name in ("writefile", "file") and rest:
        words = rest.split()
        call = (
            f"{HELPER}.write({words[-1].strip(chr(34) + chr(39))!r}, {body!r}, {'-a' in words or '--append' in words})"
        )
        return lines[:-1] + call + "\n" * (1 + body.count("\n")) if lines else call
    if name in ("bash", "sh", "script"):
        return lines + "\n".join(_command(line) for line in body.split("\n"))
    return "\n" * cell.count("\n")


def _plain(statement: str, begins_line: bool) -> str:
    """A statement, or what stands in its place."""
    assigned = _ASSIGNED.match(statement)
    if assigned:
        return _assigned(statement, assigned)
    magic = MAGIC.match(statement) if begins_line else None
    if not magic:
        return statement
    text = re.sub(r"\\\n", " ", statement[magic.end("indent") :]).strip()
    lines = "\n" * statement.count("\n")
    call = _line(text)
    return f"{magic['indent']}{call or ('pass' if magic['indent'] else '')}{lines}"


def _assigned(statement: str, match: re.Match[str]) -> str:
    text = re.sub(r"\\\n", " ", statement[match.start("sign") :]).strip()
    timed = re.match(r"%(?:time|prun)[ \t]+(.+)", text)
    value = timed[1] if timed else f"{HELPER}.quiet({text!r})"
    return f"{match['left']}{value}" + "\n" * statement.count("\n")


def _line(text: str) -> str:
    """The statement for a line of `!` or `%` or a question; empty for nothing."""
    if text.startswith("!"):
        return _command(text.lstrip("!"))
    magic = re.match(r"%(\w+)[ \t]*(.*)", text, re.DOTALL)
    if not magic:
        return ""
    name, rest = magic[1], magic[2].strip()
    if name in ("time", "prun"):
        return rest
    if name == "cd" and rest:
        return f"{HELPER}.cd({rest.split()[-1].strip(chr(34) + chr(39))!r})"
    if name in ("env", "set_env") and (pair := re.match(r"(\w+)[ =]\s*(.*)", rest)):
        return f"{HELPER}.env({pair[1]!r}, {pair[2]!r})"
    if name == "run" and rest:
        return f"{HELPER}.run({rest.split()[0]!r}, globals())"
    return _command(f"{name} {rest}") if name in COMMANDS else ""


def _command(text: str) -> str:
    """The helper's call for a shell line; `{x}` and `$x` are filled in with Python's names. Empty for nothing."""
    words = text.split()
    if not words or words[0] not in COMMANDS:
        return f"{HELPER}.cd({words[1]!r})" if len(words) > 1 and words[0] == "cd" else ""
    names = re.findall(r"\{([A-Za-z_][\w.]*)\}|\$([A-Za-z_]\w*)", text)
    filled = re.sub(r"\{[A-Za-z_][\w.]*\}|\$[A-Za-z_]\w*", "\0", text).replace("{", "{{").replace("}", "}}")
    values = "".join(f", {one or other}" for one, other in names)
    return f"{HELPER}.shell({filled.replace(chr(0), '{}')!r}{values})"


def _automagic(text: str) -> str:
    """A cell that is not Python, with its bare shell lines read as such; as it was, when that does not help."""
    changed = []
    for start, end, begins_line in statements(text):
        statement = text[start:end]
        word = re.match(r"([ \t]*)([\w-]+)[ \t]*(?=\n|\Z|[^\s=.(\[,:])", statement) if begins_line else None
        if word and word[2] in _AUTOMAGIC:
            call = _command(statement.strip()) or ("pass" if word[1] else "")
            changed.append(f"{word[1]}{call}" + "\n" * statement.count("\n"))
        else:
            changed.append(statement)
    better = "".join(changed)
    return better if parses(better) else text


def statements(code: str) -> Iterator[tuple[int, int, bool]]:
    """Cut code where Python, or a notebook, begins a new simple statement: start, end, and whether it begins a line.

    The pieces make up the whole code. Colons of annotations cut too, which does no harm.
    """
    start, begins_line = 0, True
    while start < len(code):
        alone = (begins_line and (MAGIC.match(code, start) or _automagic_line(code, start))) or _ASSIGNED.match(
            code, start
        )
        end = _end_of_magic(code, start) if alone else _end(code, start)
        yield start, end, begins_line
        start, begins_line = end, code[end - 1] == "\n"


_BARE = re.compile(rf"[ \t]*(?:{'|'.join(_AUTOMAGIC)})[ \t]+(?:-|\w+[ \t]|[\w./~-]+(?=\n|\Z))(?![ \t]*[=(.,\[])")


def _automagic_line(code: str, start: int) -> bool:
    """Whether a line reads like a bare shell command, such as `pip install "x>=1"`, which no Python statement does."""
    match = _BARE.match(code, start)
    words = match[0].split() if match else []
    return len(words) > 1 and words[1] not in ("is", "in", "not", "and", "or", "if", "-", "for") and words[1] != "else"


def _end_of_magic(code: str, start: int) -> int:
    """After the line, and after the next ones where a backslash says that it goes on."""
    end = code.find("\n", start) + 1
    while end and code[end - 2 : end - 1] == "\\":
        end = code.find("\n", end) + 1
    return end or len(code)


def _end(code: str, start: int) -> int:
    """After the first newline, semicolon or colon that is in no string, comment or bracket."""
    depth = 0
    for token in TOKEN.finditer(code, start):
        sign = token[0]
        if sign in ("(", "[", "{"):
            depth += 1
        elif sign in (")", "]", "}"):
            depth = max(0, depth - 1)
        elif sign in ("\n", ";", ":") and not depth:
            return token.end()
    return len(code)
