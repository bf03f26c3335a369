"""Where the npm packages are."""

import subprocess
from functools import cache
from pathlib import Path


@cache
def npm_folder() -> Path:
    """Return the folder that holds node_modules with soketi and pusher-js; install them first if need be.

    Raises subprocess.CalledProcessError when that fails; the reason is on stderr.
    """
    script = Path(__file__).with_name("install")
    output = subprocess.run([script], check=True, stdout=subprocess.PIPE, text=True).stdout
    return Path(output.splitlines()[-1])
