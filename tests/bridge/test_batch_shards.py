"""One batch as several commands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reel2rig.bridge.batch.shards import BadShard, Shard, parse_shard


@given(count=st.integers(1, 12), items=st.integers(0, 60))
def test_all_shards_together_have_every_clip_once_in_even_shares(count, items):
    shares = [Shard(number, count).share(range(items)) for number in range(1, count + 1)]
    assert sorted(item for share in shares for item in share) == list(range(items))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_shard_is_read_as_farms_write_it():
    assert parse_shard("2/5") == Shard(2, 5)
    assert parse_shard(" 1 / 1 ") == Shard(1, 1)
    assert parse_shard("2/5").part == "2of5"


@pytest.mark.parametrize(
    "text", ["", "2", "0/5", "6/5", "2/0", "a/b", "2/5/7", "-1/5", "1/1000000", "9" * 50 + "/1"]
)
def test_what_is_no_shard_is_refused_with_an_example(text):
    with pytest.raises(BadShard, match="such as 2/5"):
        parse_shard(text)
