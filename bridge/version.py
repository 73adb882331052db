"""The version of the package, kept in code: inside Blender no package metadata exists to ask."""

VERSION = "0.1.0"
