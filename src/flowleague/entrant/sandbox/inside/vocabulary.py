"""The words that statements are judged by: names of calls that change nothing, read, fill, fetch, copy or save."""

HARMLESS = {"print", "display", "len", "str", "repr", "int", "float", "bool", "type", "isinstance", "issubclass", "sum"}
HARMLESS |= {
    "min", "max", "sorted", "list", "tuple", "dict", "set", "frozenset", "range", "enumerate", "zip", "id", "hash",
}  # fmt: skip
HARMLESS |= {
    "format", "hasattr", "getattr", "callable", "abs", "round", "any", "all", "map", "filter", "reversed", "vars",
}  # fmt: skip
HARMLESS |= {"summary", "deepcopy", "copy", "super", "dir", "iter"}
# roots of names that only draw and log
QUIET = {
    "plt", "wandb", "sns", "px", "ax", "axes", "axs", "fig", "logger", "logging", "writer", "tqdm", "pbar",
    "IPython",
}  # fmt: skip
# methods that leave their object as it is
READING = {"parameters", "named_parameters", "state_dict", "buffers", "named_buffers", "modules", "children", "keys"}
READING |= {
    "values", "items", "get", "copy", "clone", "detach", "numpy", "item", "tolist", "numel", "size", "dim", "mean",
}  # fmt: skip
READING |= {
    "std", "sum", "format", "join", "split", "strip", "encode", "decode", "forward", "view", "reshape", "index",
}  # fmt: skip
READING |= {"count", "startswith", "endswith", "lower", "upper", "replace", "read", "shape", "max", "min"}
FILLING = {"append", "extend", "update", "add", "setdefault", "insert", "__setitem__"}
FETCHES = {"download", "cached_download", "download_folder", "urlretrieve", "hf_hub_download", "snapshot_download"}
FETCHES |= {"load_state_dict_from_url", "download_url_to_file", "unpack_archive", "extractall"}
COPIES = {"copy", "copyfile", "copy2", "copytree", "move", "rename", "symlink"}
PLACES = {"makedirs", "mkdir", "chdir"}
CONSTRUCTORS = ("__init__", "__new__", "__post_init__")
SAVES = {"save", "save_file", "save_model", "savez", "dump", "save_pretrained", "save_checkpoint"}
