"""Canvas's names: every way to read one, and what a whole download leaves of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.contest.canvas import Reading, readings, settle


@pytest.mark.parametrize(
    ("name", "user", "person", "late", "file"),
    [
        ("adalovelace_11_901_m.py", "11", "adalovelace", False, "m.py"),
        ("van_dam_11_901_m.py", "11", "van_dam", False, "m.py"),
        ("van_dam_LATE_11_901_m.py", "11", "van_dam", True, "m.py"),
        ("nguye\u0302\u0303n_11_901_m.py", "11", "nguyễn", False, "m.py"),  # taken apart, as a Mac does
        ("nguyễn_11_901_m.py", "11", "nguyễn", False, "m.py"),
        ("प्रिया_11_901_m.py", "11", "प्रिया", False, "m.py"),  # vowel signs are marks
        ("_11_901_m.py", "11", "", False, "m.py"),  # a name of signs alone
        ("_LATE_11_901_m.py", "11", "", True, "m.py"),
        ("group_3_LATE_11_901_a_b.py", "11", "group_3", True, "a_b.py"),
        ("ada_11_text.html", "11", "ada", False, "text.html"),
        ("ada_LATE_11_link.html", "11", "ada", True, "link.html"),
        ("anon_x_1_f.py", "x", "", False, "f.py"),
        ("LATE_anon_aB3xZ_901_f.py", "aB3xZ", "", True, "f.py"),
        ("anon_aB3xZ_text.html", "aB3xZ", "", False, "text.html"),
        ("ada_11_901_01_02_m.py", "11", "ada", False, "01_02_m.py"),  # no id begins with 0
        ("ada_11_901_run_LATE_v2_.py", "11", "ada", False, "run_LATE_v2_.py"),
    ],
)
def test_a_name_with_one_reading(name, user, person, late, file):
    (reading,) = readings(name)
    assert (reading.user, reading.name, reading.late, reading.file) == (user, person, late, file)


@pytest.mark.parametrize(
    ("name", "users"),
    [
        ("ada_11_901_2_m.py", ["11", "901"]),
        ("ada_12_11_901_m.py", ["12", "11"]),
        ("ada_11_901_2026_11_29_m.py", ["11", "901", "2026", "11"]),
        ("ada_11_901_text.html", ["11", "901"]),
        ("anon_11_901_2_f.py", ["11", "901", "11"]),  # somebody called Anon, or anonymous grading
        ("ada_LATE_11_901_2_m.py", ["11"]),  # in capitals, so no part of a name
    ],
)
def test_a_name_with_several(name, users):
    assert [reading.user for reading in readings(name)] == users


@pytest.mark.parametrize(
    "name", ["m.py", "11_901_m.py", "Ada_11_901_m.py", "ada b_11_901_m.py", "ada_11_901_", "ada_11"]
)
def test_names_that_canvas_cannot_have_made(name):
    assert readings(name) == []


def test_a_user_has_one_name_and_a_file_one_id():
    names = [
        "ada_11_901_12_m.py",
        "x_901_77_n.py",
        "ada_11_905_7_8_m.py",
        "bob_12_8_m.py",
        "cyd_13_7_m.py",
        "notes.txt",
    ]
    left = {name: [reading.user for reading in ways] for name, ways in settle(names).items()}
    assert left == {
        "ada_11_901_12_m.py": ["11"],  # 901 is x, not ada_11
        "x_901_77_n.py": ["901"],
        "ada_11_905_7_8_m.py": ["11"],  # two others hold the ids 7 and 8
        "bob_12_8_m.py": ["12"],
        "cyd_13_7_m.py": ["13"],
    }


def test_a_download_is_anonymous_or_not():
    assert [r.anonymous for r in settle(["anon_11_901_2_f.py", "anon_x_1_f.py"])["anon_11_901_2_f.py"]] == [True]
    left = settle(["anon_11_901_2_f.py", "ada_12_902_f.py"])["anon_11_901_2_f.py"]
    assert [(r.anonymous, r.user) for r in left] == [(False, "11"), (False, "901")]


def test_what_stays_open_can_be_told():
    names = ["ada_11_901_2_m.py", "ada_11_902_notes.txt"]
    assert len(settle(names)[names[0]]) == 2  # another person may be ada_11, with the id 901
    (reading,) = settle(names, {names[0]: ["11"]})[names[0]]
    assert reading.file == "2_m.py"


PEOPLE = st.text("abé_12", max_size=8)
FILES = st.text("ab_12", min_size=1, max_size=8).map(lambda text: text + ".py")


@st.composite
def downloads(draw):
    """What was handed in, by the name that Canvas gives it."""
    users = draw(st.dictionaries(st.integers(1, 30), st.tuples(PEOPLE, st.booleans()), min_size=1, max_size=8))
    held = {}
    for file_id, user in enumerate(draw(st.lists(st.sampled_from(sorted(users)), min_size=1, max_size=12)), 1):
        (person, late), file = users[user], draw(FILES)
        name = f"{person}{'_LATE' * late}_{user}_{file_id}_{file}"
        held[name] = Reading(str(user), person, late, str(file_id), file)
    return held


@given(downloads())
def test_the_true_reading_is_never_lost(held):
    left = settle(held)
    assert {name: reading in left[name] for name, reading in held.items()} == dict.fromkeys(held, True)
