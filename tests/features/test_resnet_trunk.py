"""The trunk against its definition, and its names and size against the published state dicts."""

from __future__ import annotations

import torch
from reel2rig.core.features.images.extract import FeatureExtractor
from reel2rig.core.features.images.resnet import Bottleneck, ResNet50Trunk
from reel2rig.core.features.images.speed import feature_error, trunk_frames_per_second
from reel2rig.core.network.model import count_parameters
from torch import Tensor, nn
from torch.nn import functional as F


def normalised(x: Tensor, state: dict[str, Tensor], name: str) -> Tensor:
    mean, var, weight, bias = (
        state[f"{name}.{kind}"][:, None, None] for kind in ("running_mean", "running_var", "weight", "bias")
    )
    return (x - mean) / torch.sqrt(var + 1e-5) * weight + bias


def test_a_block_with_a_stride_is_what_its_definition_says() -> None:
    torch.manual_seed(3)
    block = Bottleneck(24, 8, stride=2)
    for value in block.state_dict().values():
        if value.is_floating_point():
            value.uniform_(0.2, 1.0)
    s, x = block.state_dict(), torch.randn(2, 24, 10, 12)
    h = F.relu(normalised(F.conv2d(x, s["conv1.weight"]), s, "bn1"))
    h = F.relu(normalised(F.conv2d(h, s["conv2.weight"], stride=2, padding=1), s, "bn2"))
    h = normalised(F.conv2d(h, s["conv3.weight"]), s, "bn3")
    past = normalised(F.conv2d(x, s["downsample.0.weight"], stride=2), s, "downsample.1")
    with torch.no_grad():
        assert torch.allclose(block.eval()(x), F.relu(h + past), rtol=1e-4, atol=1e-4)


def test_the_trunk_is_the_published_one_in_names_and_size(trunk: ResNet50Trunk) -> None:
    names = set(trunk.state_dict())
    expected = {"conv1.weight", *(f"bn1.{kind}" for kind in BN)}
    for layer, blocks in (("layer1", 3), ("layer2", 4), ("layer3", 6), ("layer4", 3)):
        for block in range(blocks):
            for n in (1, 2, 3):
                expected.add(f"{layer}.{block}.conv{n}.weight")
                expected |= {f"{layer}.{block}.bn{n}.{kind}" for kind in BN}
        expected.add(f"{layer}.0.downsample.0.weight")
        expected |= {f"{layer}.0.downsample.1.{kind}" for kind in BN}
    assert names == expected
    assert count_parameters(trunk) == 23_508_032


BN = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def test_the_last_map_of_a_crop_is_7_by_7_and_the_feature_its_mean(trunk: ResNet50Trunk) -> None:
    maps: list[Tensor] = []
    handle = trunk.layer4.register_forward_hook(lambda _module, _in, out: maps.append(out))
    feature = trunk(torch.randn(1, 3, 224, 224))
    handle.remove()
    assert maps[0].shape == (1, 2048, 7, 7)
    assert torch.allclose(feature, F.avg_pool2d(maps[0], 7).flatten(1), atol=1e-5)


def test_the_trunk_stays_frozen_inside_a_model_in_training(trunk: ResNet50Trunk) -> None:
    whole = nn.Sequential(trunk, nn.Linear(2048, 2)).train()
    before = trunk.bn1.running_mean
    assert before is not None
    kept = before.clone()
    whole(torch.randn(1, 3, 64, 64)).sum().backward()
    assert torch.equal(kept, before)
    assert not trunk.training
    assert all(p.grad is None for p in trunk.parameters())


def test_the_benchmark_measures_a_rate_and_what_bfloat16_costs(trunk: ResNet50Trunk) -> None:
    assert trunk_frames_per_second(trunk, n=2) > 0
    assert feature_error(trunk, dtype=torch.float32, n=2) < 1e-6
    assert 1e-5 < feature_error(trunk, dtype=torch.bfloat16, n=2) < 0.05


def test_a_feature_does_not_depend_on_its_batch_mates(trunk: ResNet50Trunk) -> None:
    crops = torch.randint(0, 255, (3, 224, 224, 3), dtype=torch.uint8).numpy()
    extractor = FeatureExtractor(trunk)
    together, alone = extractor.of_crops(crops)[1:2], extractor.of_crops(crops[1:2])
    assert abs(together - alone).max() < 1e-4 * abs(alone).max()
