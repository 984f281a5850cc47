"""Puts the files that scripts/wheel gathered into the wheel, and names the platform they run on."""

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BinaryHook(BuildHookInterface):  # type: ignore[type-arg]
    """Takes the folder and the tag from the environment that scripts/wheel sets."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Does nothing for a wheel of Python alone."""
        folder, platform = os.environ.get("TELLTALE_WHEEL_FILES"), os.environ.get("TELLTALE_WHEEL_PLATFORM")
        if not folder or not platform or version == "editable":
            return
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
        for file in sorted(Path(folder).rglob("*")):
            if file.is_file():
                build_data["force_include"][str(file)] = f"telltale/{file.relative_to(folder)}"
