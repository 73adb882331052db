"""Which clips a batch is about, what their results are called, and what is refused before any work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reel2rig.bridge.batch.choices import BadChoices, BatchChoices, read_choices
from reel2rig.bridge.batch.inputs import InputMissing, NothingToDo, find_inputs
from reel2rig.bridge.batch.local import places
from reel2rig.bridge.batch.naming import BadName, check_pattern, clip_names, output_files
from reel2rig.bridge.batch.plan import BadOutput, RigMissing, plan_batch
from reel2rig.bridge.batch.task import BadRecord, ClipOutcome, ClipTask
from reel2rig.core.errors import InputError, OutputFolderMissing, Reel2RigError, UnknownFormat
from reel2rig.core.motion.cleanup.settings import Cleanup
from reel2rig.core.motion.files.rates import BadRate
from reel2rig.core.motion.retarget.options import BadRetarget


@pytest.fixture
def clips(tmp_path):
    """A folder of clips with everything that lies about in such folders."""
    folder = tmp_path / "Tag 1 [A] ü"
    for name in (
        "take10.mp4",
        "take2.MOV",
        "._take2.MOV",
        "notes.txt",
        "walk.npz",
        "sub/take2.mp4",
        ".git/x.mp4",
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder


def names(paths, folder):
    return [path.relative_to(folder).as_posix() for path in paths]


def test_a_folder_gives_all_clips_below_it_in_natural_order_and_nothing_hidden(clips):
    assert names(find_inputs([clips]), clips) == ["sub/take2.mp4", "take2.MOV", "take10.mp4", "walk.npz"]


def test_a_name_with_brackets_is_a_file_before_it_is_a_pattern(clips):
    assert len(find_inputs([clips / "take2.MOV"])) == 1
    (clips / "a[1].mp4").write_bytes(b"x")
    assert names(find_inputs([clips / "a[1].mp4"]), clips) == ["a[1].mp4"]


def test_patterns_reach_into_folders_and_each_clip_comes_once(tmp_path):
    for name in ("a/x.mp4", "b/y.mp4", "b/y.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    found = find_inputs([tmp_path / "b" / "y.mp4", f"{tmp_path}/**/*.mp4", tmp_path / "a"])
    assert names(found, tmp_path) == ["b/y.mp4", "a/x.mp4"]


def test_results_inside_the_folder_of_clips_are_no_clips(clips):
    (clips / "out").mkdir()
    (clips / "out" / "take2_p01.npz").write_bytes(b"x")
    assert "out/take2_p01.npz" not in names(find_inputs([clips], outside=clips / "out"), clips)


def test_what_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(InputMissing, match=r"none\.mp4"):
        find_inputs([tmp_path / "none.mp4"])
    with pytest.raises(InputMissing, match="pattern"):
        find_inputs([f"{tmp_path}/*.mp4"])
    with pytest.raises(NothingToDo):
        find_inputs([tmp_path])


def test_equal_names_take_their_folder_or_their_ending():
    paths = [
        "/v/a/take.mp4",
        "/v/b/take.mp4",
        "/v/c/dance.mp4",
        "/v/c/dance.mov",
        "/v/c/Solo.mp4",
        "/w/solo.mp4",
    ]
    assert clip_names([Path(path) for path in paths]) == [
        "a_take",
        "b_take",
        "dance_mp4",
        "dance_mov",
        "c_Solo",
        "w_solo",
    ]


def test_a_clip_keeps_the_name_it_had_when_another_of_that_name_comes():
    old, new = Path("/v/a/take.mp4"), Path("/v/b/take.mp4")
    assert clip_names([old, new], {str(old): "take"}) == ["take", "b_take"]


@given(
    st.lists(
        st.builds(
            lambda folders, stem, ending: Path("/", *folders, f"{stem}.{ending}"),
            st.lists(st.sampled_from(["a", "B", "b", "con"]), max_size=3),
            st.sampled_from(["take", "Take", "ta:ke", "con", "x" * 200, "走" * 90, "a b ", "\udce9"]),
            st.sampled_from(["mp4", "mov"]),
        ),
        unique=True,
    )
)
def test_no_two_clips_share_a_name_and_every_system_takes_it(paths):
    found = clip_names(paths)
    assert len({name.casefold() for name in found}) == len(paths)
    for name in found:
        assert 0 < len(name.encode()) < 200
        assert not set(name) & set('<>:"/\\|?*')
        assert name.casefold() != "con"
        assert name == name.strip(" .")


@pytest.mark.parametrize(
    "pattern", ["{person}", "take", "{clip}/{person}", "{clip", "{clip!r}", "{frame}", ".{clip}"]
)
def test_a_pattern_that_cannot_name_files_is_refused(pattern):
    with pytest.raises(BadName):
        check_pattern(pattern)


def task(**changes):
    values = {
        "id": "walk",
        "input": "/v/walk.mp4",
        "folder": "/out",
        "name": "walk_{person}",
        "formats": ("fbx",),
        "settings": {},
        "cleanup": {},
        "state": "/out/state",
    }
    return ClipTask(**(values | changes))


def written(of, tracks):
    return [(path.name, people) for path, _, people in output_files(of, tracks)]


def test_a_file_for_each_person_where_the_name_says_who():
    assert written(task(formats=("fbx", "npz")), ["1", "2"]) == [
        ("walk_p01.fbx", ("1",)),
        ("walk_p02.fbx", ("2",)),
        ("walk_p01.npz", ("1",)),
        ("walk_p02.npz", ("2",)),
    ]


def test_people_share_a_file_where_the_name_does_not_say_who_and_the_format_holds_them():
    plain = task(name="walk", formats=("glb", "bvh"))
    assert written(plain, ["1", "2"]) == [
        ("walk.glb", ("1", "2")),
        ("walk_p01.bvh", ("1",)),
        ("walk_p02.bvh", ("2",)),
    ]
    assert written(plain, ["1"]) == [("walk.glb", ("1",)), ("walk.bvh", ("1",))]
    # A rig is one person at a time.
    onto = task(name="walk", retarget={"rig": "/rig.blend"})
    assert written(onto, ["1", "2"]) == [("walk_p01.fbx", ("1",)), ("walk_p02.fbx", ("2",))]


def test_formats_with_one_ending_do_not_write_over_each_other():
    both = written(task(formats=("npz", "amass")), ["1"])
    assert both == [("walk_p01.npz", ("1",)), ("walk_p01_amass.npz", ("1",))]
    assert written(task(formats=("amass",)), ["1"]) == [("walk_p01.npz", ("1",))]


def test_records_travel_as_json_and_strangers_are_refused():
    one = task(retarget={"rig": "r"}, tags=("a",))
    assert ClipTask.from_json(json.loads(json.dumps(one.to_json()))) == one
    outcome = ClipOutcome("walk", "/v/walk.mp4", "done", files=("/out/a.fbx",), stamp=(1, 2))
    assert ClipOutcome.from_json(json.loads(json.dumps(outcome.to_json()))) == outcome
    with pytest.raises(BadRecord, match="colour"):
        ClipTask.from_json(one.to_json() | {"colour": 1})
    with pytest.raises(BadRecord):
        ClipTask.from_json({"id": "walk"})


def test_a_plan_captures_unsmoothed_and_leaves_smoothing_to_the_clean_up(clips, tmp_path):
    plan = plan_batch([clips], tmp_path / "new" / "out", BatchChoices(formats=("fbx",), fps="29.97"))
    assert {each.settings["smoothing"] for each in plan.tasks} == {0.0}
    assert {each.cleanup["smoothing"] for each in plan.tasks} == {2.0}
    assert {each.fps for each in plan.tasks} == {"30000/1001"}
    assert [each.id for each in plan.tasks] == ["sub_take2", "Tag 1 [A] ü_take2", "take10", "walk"]
    assert list(plan.out.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"formats": ("fbx", "obj")}, UnknownFormat),
        ({"formats": ()}, UnknownFormat),
        ({"formats": ("fbx", "fbx")}, UnknownFormat),
        ({"name": "{person}"}, BadName),
        ({"rig": Path("none.blend")}, RigMissing),
        ({"armature": "rig"}, BadRetarget),
        ({"fps": "fast"}, BadRate),
        ({"library": Path("none/lib.blend")}, OutputFolderMissing),
        ({"library": Path("lib.fbx")}, UnknownFormat),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_made(clips, tmp_path, changes, error):
    choices = BatchChoices(**({"formats": ("fbx",)} | changes))
    with pytest.raises(error):
        plan_batch([clips], tmp_path / "out", choices)
    assert not (tmp_path / "out").exists()


def test_results_are_kept_apart_from_clips_and_rig(clips, tmp_path):
    with pytest.raises(BadOutput):
        plan_batch([clips], clips, BatchChoices())
    with pytest.raises(BadOutput):
        plan_batch([clips / "walk.npz"], clips, BatchChoices(formats=("npz",)))
    plan_batch([clips / "walk.npz"], clips, BatchChoices(formats=("fbx",)))
    rig = tmp_path / "rig.blend"
    rig.write_bytes(b"x")
    with pytest.raises(Reel2RigError, match="the rig itself"):
        plan_batch([clips], tmp_path / "out", BatchChoices(rig=rig, library=rig))


def test_an_output_folder_that_cannot_be_made_is_refused(clips, tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(Reel2RigError, match="file"):
        plan_batch([clips], tmp_path / "file" / "out")


def test_settings_come_from_a_file(tmp_path):
    file = tmp_path / "settings.json"
    given = {"capture": {"person": "all"}, "cleanup": {"foot_lock": 1.0}, "retarget": {"carrier": "root"}}
    file.write_text(json.dumps(given), encoding="utf-8")
    choices = read_choices(file)
    assert choices.settings.person == "all"
    assert choices.cleanup == Cleanup(smoothing=2.0, foot_lock=1.0)  # what is not said stays as in the panel
    assert choices.retarget.carrier == "root"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 5000,
        '{"cleanup": 3}',
        '{"colour": {}}',
        '{"retarget": {"speed": 1}}',
        '{"cleanup": {"smoothing": 99}}',
        '{"cleanup": {"smooth_parts": 3}}',
        '{"capture": {"person": []}}',
    ],
)
def test_bad_settings_are_refused_in_a_sentence(tmp_path, text):
    file = tmp_path / "settings.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        read_choices(file)
    with pytest.raises(BadChoices):
        read_choices(tmp_path / "none.json")


def test_workers_share_the_cores_and_take_the_gpus_in_turn(monkeypatch):
    monkeypatch.setattr("reel2rig.bridge.batch.local.available_cores", lambda: [0, 1, 2, 3, 4])
    assert places(1)[0].cores is None
    two = places(2)
    assert [place.variables["OMP_NUM_THREADS"] for place in two] == ["2", "2"]
    if two[0].cores is not None:
        assert two[0].cores.isdisjoint(two[1].cores or ())
    assert [place.variables["CUDA_VISIBLE_DEVICES"] for place in places(3, ["GPU-a", "GPU-b"])] == [
        "GPU-a",
        "GPU-b",
        "GPU-a",
    ]
