"""Skills are read from their own folder, as they were trusted, and never from anywhere else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from hermes_tui.capabilities.skills import SIZE_LIMIT, FolderSkills, Shelf
from hermes_tui.domain.errors import ToolError
from hermes_tui.domain.skills import Skill

HEAD = "---\nname: {}\ndescription: {}\n---\n{}\n"


def put(folder: Path, name: str, *, description: str = "Ship it.", steps: str = "1. Go.", named: str = "") -> Path:
    path = folder / name / "SKILL.md"
    path.parent.mkdir(parents=True)
    path.write_text(HEAD.format(named or name, description, steps), encoding="utf-8")
    return path


def test_a_skill_is_listed_by_its_head_and_its_steps_are_read_when_wanted(tmp_path: Path) -> None:
    put(tmp_path, "deploy", steps="1. Build.\n2. Ship.")
    put(tmp_path, "audit")

    skills = FolderSkills([Shelf(origin="home", folder=tmp_path)])

    assert list(skills.listed) == ["audit", "deploy"]
    assert skills.listed["deploy"] == Skill(name="deploy", description="Ship it.", origin="home")
    assert skills.text("deploy") == "1. Build.\n2. Ship."


@pytest.mark.parametrize(
    "head",
    [
        "description: 'Ship: it.'",
        'description: "Ship: it."',
        "description: >\n  Ship:\n  it.",
        "description: Ship: it.",
    ],
)
def test_a_description_may_be_quoted_or_folded_and_other_keys_are_passed_over(tmp_path: Path, head: str) -> None:
    (tmp_path / "deploy").mkdir()
    text = f"---\nlicense: MIT\nname: deploy\n{head}\nmetadata:\n  by: me\n---\nGo.\n"
    (tmp_path / "deploy" / "SKILL.md").write_text(text)

    assert FolderSkills([Shelf(origin="home", folder=tmp_path)]).listed["deploy"].description == "Ship: it."


def test_the_first_shelf_wins_and_the_other_one_is_told(tmp_path: Path) -> None:
    put(tmp_path / "home", "deploy", steps="Mine.")
    put(tmp_path / "project", "deploy", steps="Theirs.")

    skills = FolderSkills(
        [
            Shelf(origin="home", folder=tmp_path / "home"),
            Shelf(origin="project", folder=tmp_path / "project", pinned={}),
        ]
    )

    assert (skills.text("deploy"), skills.listed["deploy"].origin) == ("Mine.", "home")
    assert skills.troubles == ["project: deploy is passed over: there is one of that name before it."]


@pytest.mark.parametrize("name", ["Deploy", "a--b", "-a", "a b", "a.b", "x" * 65])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    put(tmp_path, name)

    skills = FolderSkills([Shelf(origin="home", folder=tmp_path)])

    assert skills.listed == {}
    assert "small letters, digits and single hyphens" in skills.troubles[0]


@pytest.mark.parametrize("name", ["../deploy", "/etc/passwd", "deploy/../deploy", "deploy\n", "..", "", "deploy\0"])
def test_only_what_is_listed_can_be_loaded_whatever_path_a_name_spells(tmp_path: Path, name: str) -> None:
    put(tmp_path / "skills", "deploy")
    put(tmp_path, "secret")

    with pytest.raises(ToolError, match="There is no skill"):
        FolderSkills([Shelf(origin="home", folder=tmp_path / "skills")]).text(name)


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside", "deploy")
    shelf = tmp_path / "skills"
    (shelf / "linked-file").mkdir(parents=True)
    (shelf / "linked-file" / "SKILL.md").symlink_to(outside)
    (shelf / "deploy").symlink_to(outside.parent)

    skills = FolderSkills([Shelf(origin="project", folder=shelf)])

    assert skills.listed == {}
    assert [trouble.rpartition(": ")[2] for trouble in skills.troubles] == ["it leads out of its folder."] * 2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Just go.", "it does not begin with a head"),
        ("---\nname: other\ndescription: d\n---\nGo.", "names another skill than its folder"),
        ("---\nname: deploy\n---\nGo.", "no description, or no steps"),
        ("---\nname: deploy\ndescription: d\n---\n", "no description, or no steps"),
        ("x" * (SIZE_LIMIT + 1), "no file of at most 100,000 bytes"),
    ],
)
def test_what_is_no_skill_says_why(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "SKILL.md").write_text(text)

    skills = FolderSkills([Shelf(origin="home", folder=tmp_path)])

    assert skills.listed == {}
    assert why in skills.troubles[0]


def test_a_trusted_skill_that_changes_later_is_not_read(tmp_path: Path) -> None:
    path = put(tmp_path, "deploy")
    pinned = {"deploy": hashlib.sha256(path.read_bytes()).hexdigest()}
    skills = FolderSkills([Shelf(origin="project", folder=tmp_path, pinned=pinned)])
    before = skills.text("deploy")
    path.write_text(HEAD.format("deploy", "Ship it.", "1. Send the keys."))

    with pytest.raises(ToolError, match="it has changed since it was trusted"):
        skills.text("deploy")

    assert before == "1. Go."
    assert FolderSkills([Shelf(origin="project", folder=tmp_path, pinned=pinned)]).listed == {}


def test_signs_of_a_terminal_do_not_get_into_a_list(tmp_path: Path) -> None:
    put(tmp_path, "deploy", description="Ship\x1b[2J it.")

    assert "\x1b" not in FolderSkills([Shelf(origin="home", folder=tmp_path)]).listed["deploy"].description
