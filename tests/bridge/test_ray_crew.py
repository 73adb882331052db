"""Who makes which clip on a cluster, over a stand-in for Ray whose nodes do what a test says."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from reel2rig.bridge.batch import cluster
from reel2rig.bridge.batch.cluster import ClusterLost, ClusterTooSmall, by_needs, run_on_cluster
from reel2rig.bridge.batch.crew import Crew, CrewUnfit
from reel2rig.bridge.batch.ray_cluster import MEMORY, ClusterOptions, Needs
from reel2rig.bridge.batch.task import DONE, FAILED, ClipOutcome, ClipTask
from reel2rig.bridge.version import VERSION

GOOD = {"host": "anna", "version": VERSION, "hinders": ""}


class RayError(Exception):
    pass


class StandIn:
    """The part of Ray that a crew uses. Each new runner takes the next introduction of `hosts`; `run` says
    what a clip becomes, or raises.
    """

    class exceptions:  # noqa: N801
        RayError = RayError

    def __init__(self, hosts, run=None, cores=2):
        self.hosts, self.run, self.cores = iter(hosts), run or (lambda clip: {}), cores
        self.killed = []

    def nodes(self):
        return [{"Alive": True, "Resources": {"CPU": 1.0, "memory": 2.0 * MEMORY}} for _ in range(self.cores)]

    def remote(self, kind):
        return self

    def options(self, **needs):
        return _Kind(self)

    def get(self, reference):
        return reference.answer()

    def wait(self, references, **_):
        return references, []

    def kill(self, handle):
        self.killed.append(handle)


class _Reference:
    def __init__(self, answer):
        self.answer = answer


class _Method:
    def __init__(self, call):
        self._call = call

    def remote(self, *arguments):
        return _Reference(lambda: self._call(*arguments))


class _Kind:
    def __init__(self, ray):
        self._ray = ray

    def remote(self, restart_every):
        return _Handle(self._ray)


class _Handle:
    def __init__(self, ray):
        about = next(ray.hosts)
        self.introduce = _Method(lambda task: about)
        self.run = _Method(lambda task: _outcome(task, ray.run(task["id"])))
        self.close = _Method(lambda: None)


def _outcome(task: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    return ClipOutcome(**{"id": task["id"], "input": task["input"], "state": DONE} | facts).to_json()


def clips(count: int) -> list[ClipTask]:
    return [
        ClipTask(
            f"clip{number}", f"/in/clip{number}.mp4", "/out", f"clip{number}", ("fbx",), {}, {}, "/out/state"
        )
        for number in range(count)
    ]


def play(ray, tasks, most=None):
    """Run a crew to its end; the outcomes and what was said."""
    outcomes, said = [], []
    crew = Crew(ray, Needs(), tasks, outcomes.append, said.append, ClusterOptions("local", runners=most))
    try:
        while crew.is_busy:
            crew.take(crew.advance())
    finally:
        crew.dismiss()
    return outcomes, said


def lost():
    raise RayError("the node is gone")


def test_a_clip_whose_node_is_lost_is_made_by_another_one():
    begun = []

    def run(clip):
        begun.append(clip)
        return lost() if begun.count("clip1") == 1 and clip == "clip1" else {}

    outcomes, said = play(StandIn([GOOD] * 9, run), clips(4))
    assert sorted(outcome.id for outcome in outcomes) == ["clip0", "clip1", "clip2", "clip3"]
    assert all(outcome.ok for outcome in outcomes)
    assert begun.count("clip1") == 2
    assert any("clip1 is begun again: anna was lost" in sentence for sentence in said)


def test_a_clip_that_takes_every_node_down_is_given_up_and_the_others_are_made():
    outcomes, _ = play(StandIn([GOOD] * 9, lambda clip: lost() if clip == "clip0" else {}), clips(3))
    by_id = {outcome.id: outcome for outcome in outcomes}
    assert by_id["clip0"].state == FAILED
    assert by_id["clip0"].code == "ray.node_lost"
    assert by_id["clip1"].ok
    assert by_id["clip2"].ok
    assert len(outcomes) == 3


def test_a_worker_that_died_is_tried_again_and_a_bad_video_is_not():
    begun = []

    def run(clip):
        begun.append(clip)
        code = {"clip0": "worker.killed", "clip1": "video.not_a_video"}[clip]
        return {"state": FAILED, "code": code, "message": "No."}

    outcomes, _ = play(StandIn([GOOD] * 9, run), clips(2))
    assert begun.count("clip0") == 3
    assert begun.count("clip1") == 1
    assert {outcome.code for outcome in outcomes} == {"worker.killed", "video.not_a_video"}


@pytest.mark.parametrize(
    ("about", "words"),
    [
        (
            GOOD | {"host": "bert", "hinders": "it does not see /in."},
            "bert takes no part: it does not see /in.",
        ),
        (GOOD | {"host": "bert", "version": "0.0.1"}, "bert takes no part: it has version 0.0.1"),
    ],
)
def test_a_node_that_cannot_do_the_work_keeps_its_place_and_gets_no_clip(about, words):
    ray = StandIn([about, GOOD])
    outcomes, said = play(ray, clips(5))
    assert [outcome.ok for outcome in outcomes] == [True] * 5
    assert [sentence for sentence in said if sentence.startswith(words)]


def test_a_node_whose_worker_turns_out_broken_hands_its_clip_on():
    first = []

    def run(clip):
        first.append(clip)
        broken = {"state": FAILED, "code": "worker.environment_broken", "message": "It does not start."}
        return broken if len(first) == 1 else {}

    outcomes, said = play(StandIn([GOOD] * 2, run), clips(4))
    assert [outcome.ok for outcome in outcomes] == [True] * 4
    assert "anna takes no part: It does not start." in said


def test_a_cluster_without_any_fitting_node_is_refused_with_the_reason():
    with pytest.raises(CrewUnfit, match="it does not see /in"):
        play(StandIn([GOOD | {"hinders": "it does not see /in."}] * 2), clips(5))


def test_runners_that_never_start_end_the_batch_instead_of_trying_for_ever():
    class Broken(StandIn):
        def get(self, reference):
            raise RayError("No module named reel2rig")

    with pytest.raises(CrewUnfit, match="could not start"):
        play(Broken([GOOD] * 99), clips(2))


def test_no_more_runners_are_hired_than_asked_for_and_all_are_let_go():
    ray = StandIn([GOOD] * 2, cores=8)  # a third introduction would fail
    outcomes, _ = play(ray, clips(6), most=2)
    assert len(outcomes) == 6
    assert len(ray.killed) == 2


def needs_of(node, options=None, device="auto", name="a.mp4"):
    task = replace(clips(1)[0], input=f"/in/{name}", settings={"device": device})
    (needs,) = by_needs([task], options or ClusterOptions("local"), [node])
    return needs


def test_captures_get_a_gpu_where_there_is_one_and_motion_files_none():
    bare, rich = {"CPU": 8.0}, {"CPU": 8.0, "GPU": 1.0}
    assert needs_of(rich) == Needs(1.0, 1.0)
    assert needs_of(bare) == Needs(1.0, 0.0)
    assert needs_of(rich, device="cpu") == Needs(1.0, 0.0)
    assert needs_of(rich, name="walk.bvh") == Needs(1.0, 0.0)
    assert needs_of(rich, ClusterOptions("local", cpus=4.0, gpus=0.5)) == Needs(4.0, 0.5)


def test_a_cluster_without_room_for_a_single_clip_is_refused_with_what_is_asked_for(monkeypatch):
    @contextmanager
    def small(address, log):
        yield StandIn([])

    monkeypatch.setattr(cluster, "connected", small)
    with pytest.raises(ClusterTooSmall, match=r"16 CPU cores, 1 GPUs and 2 GB of memory.*--ray-cpus"):
        run_on_cluster(clips(2), ClusterOptions("local", cpus=16.0, gpus=1.0), print)


def test_clips_wait_for_nodes_to_come_back_and_the_user_is_told(monkeypatch):
    class Away(StandIn):
        looks = 0

        def nodes(self):
            self.looks += 1
            return [] if 1 < self.looks < 20 else super().nodes()

    @contextmanager
    def away(address, log):
        yield Away([GOOD] * 4)

    monkeypatch.setattr(cluster, "connected", away)
    monkeypatch.setattr(cluster, "LOOK", 0.01)
    monkeypatch.setattr(cluster, "PATIENCE", 0.05)
    outcomes, said = [], []
    run_on_cluster(clips(2), ClusterOptions("local"), outcomes.append, say=said.append)
    assert len(outcomes) == 2
    assert said == ["Clips are waiting: the Ray cluster has no room free just now."]


def test_a_cluster_that_is_lost_is_told_with_the_way_to_go_on(monkeypatch):
    class Gone(StandIn):
        def wait(self, references, **_):
            raise RayError

    @contextmanager
    def gone(address, log):
        yield Gone([GOOD] * 2)

    monkeypatch.setattr(cluster, "connected", gone)
    with pytest.raises(ClusterLost, match="--resume"):
        run_on_cluster(clips(2), ClusterOptions("local"), print)


def test_a_node_holds_as_many_clips_as_its_scarcest_resource_allows():
    node = {"CPU": 16.0, "GPU": 2.0, "memory": 64.0 * MEMORY}
    assert Needs(4.0, 0.0).fit(node) == 4
    assert Needs(1.0, 0.5).fit(node) == 4
    assert Needs(1.0, 1.0).fit(node) == 2
    assert Needs(1.0, 1.0).fit({"CPU": 16.0, "memory": 64.0 * MEMORY}) == 0
    assert Needs(1.0).fit(node | {"memory": 3.0 * MEMORY}) == 3
