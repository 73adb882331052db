"""The ResNet-50 trunk that turns a crop of a person into one vector (method section 3).

Parameter names are those of the published state dicts (`conv1.weight`, `layer1.0.downsample.1.bias`, ...), so
that such a file loads name by name.
"""

from __future__ import annotations

from typing import Self

from torch import Tensor, nn
from torch.nn import functional

FEATURE_WIDTH = 2048
CROP_SIZE = 224  # px, the side of the crops that the published weights were trained on
BLOCKS = (3, 4, 6, 3)  # of layer1 to layer4


class Bottleneck(nn.Module):
    """Residual block (B, c, h, w) -> (B, 4 width, h / stride, w / stride); the 3x3 layer strides."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        out = 4 * width
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.downsample = None
        if stride != 1 or channels != out:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out)
            )

    def forward(self, x: Tensor) -> Tensor:
        h = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        h = functional.relu(self.bn2(self.conv2(h)), inplace=True)
        h = self.bn3(self.conv3(h))
        h += x if self.downsample is None else self.downsample(x)
        return functional.relu(h, inplace=True)


class ResNet50Trunk(nn.Module):
    """Crops (B, 3, 224, 224), normalised as `crops.normalise` does -> features (B, 2048).

    Frozen: no parameter asks for a gradient, and batch normalisation always uses its stored statistics, also
    inside a model that is being trained. 23.51 M parameters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = _stage(64, 64, BLOCKS[0], stride=1)
        self.layer2 = _stage(256, 128, BLOCKS[1], stride=2)
        self.layer3 = _stage(512, 256, BLOCKS[2], stride=2)
        self.layer4 = _stage(1024, 512, BLOCKS[3], stride=2)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        self.requires_grad_(False).train(False)

    def train(self, mode: bool = True) -> Self:
        """Stays in inference mode, whatever is asked."""
        return super().train(False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, h, w) -> (B, 2048), the mean of the last feature map over its pixels."""
        h = self.maxpool(functional.relu(self.bn1(self.conv1(x)), inplace=True))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            h = stage(h)
        return h.mean((2, 3))


def _stage(channels: int, width: int, blocks: int, stride: int) -> nn.Sequential:
    first = Bottleneck(channels, width, stride)
    return nn.Sequential(first, *(Bottleneck(4 * width, width, 1) for _ in range(1, blocks)))
