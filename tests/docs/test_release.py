"""The release is installed as the Marketplace and HACS install it, and runs in a clean Home Assistant."""

import json
import re
import shutil
import subprocess
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from awesomeversion import AwesomeVersion, AwesomeVersionStrategy

from tools.devserver import DevServer
from tools.harness import HomeAssistant, config_folder

from . import CHECKOUT, COMPONENT

HACS = json.loads((CHECKOUT / "hacs.json").read_text())
# What the Marketplace of Home Assistant 2026.11 reads from hacs.json, and of which type.
HACS_KEYS = {
    "content_in_root": bool,
    "filename": str,
    "hide_default_branch": bool,
    "homeassistant": str,
    "name": str,
    "persistent_directory": str,
    "zip_release": bool,
}
VERSIONS = [
    AwesomeVersionStrategy.CALVER,
    AwesomeVersionStrategy.SEMVER,
    AwesomeVersionStrategy.SIMPLEVER,
    AwesomeVersionStrategy.BUILDVER,
    AwesomeVersionStrategy.PEP440,
]
MARKETPLACE = "homeassistant.components.marketplace"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Build the zip and return it."""
    return _build(tmp_path / "dist")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return the zip of the repository as GitHub serves it: everything in one folder."""
    folder = tmp_path / "github/ha-pusher-channels-1.0.0"
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(CHECKOUT / "custom_components", folder / "custom_components", ignore=ignored)
    for name in ("README.md", "hacs.json"):
        shutil.copy(CHECKOUT / name, folder)
    return Path(shutil.make_archive(str(tmp_path / "repository"), "zip", folder.parent))


def test_the_zip_is_the_integration_and_nothing_else(release: Path) -> None:
    with zipfile.ZipFile(release) as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    files = [path for path in COMPONENT.rglob("*") if path.is_file() and _is_ours(path)]
    assert packed == {str(path.relative_to(COMPONENT)): path.read_bytes() for path in files}


def test_the_same_files_make_the_same_bytes_in_another_checkout(
    release: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(CHECKOUT / "scripts", other / "scripts")
    component = other / COMPONENT.relative_to(CHECKOUT)
    shutil.copytree(COMPONENT, component, copy_function=shutil.copyfile)
    (component / "manifest.json").chmod(0o600)

    again = _build(tmp_path / "again", other)

    assert again.read_bytes() == release.read_bytes()


def test_another_version_than_the_tags_is_not_released(tmp_path: Path) -> None:
    command = [str(CHECKOUT / "scripts/release"), "--version", "9.9.9", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "not 9.9.9" in done.stderr
    assert not list(tmp_path.iterdir())


def test_hacs_json_has_only_what_the_marketplace_reads() -> None:
    assert HACS.keys() <= HACS_KEYS.keys()
    for key, value in HACS.items():
        assert isinstance(value, HACS_KEYS[key]), key
    assert AwesomeVersion(HACS["homeassistant"]).valid
    assert HACS["zip_release"]
    assert HACS["filename"].endswith(".zip")


def test_the_manifest_is_one_that_is_kept_after_an_install(release: Path) -> None:
    with zipfile.ZipFile(release) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert re.fullmatch(r"[a-z0-9_-]+", manifest["domain"])
    AwesomeVersion(manifest["version"], ensure_strategy=VERSIONS)
    assert all(isinstance(owner, str) for owner in manifest["codeowners"])
    assert manifest["config_flow"] is True
    folders = [path for path in (CHECKOUT / "custom_components").iterdir() if _is_folder(path)]
    assert [folder.name for folder in folders] == [manifest["domain"]]


@pytest.mark.slow
async def test_the_zip_runs_in_a_clean_home_assistant(
    socket_enabled: None, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "installed/pusher_channels"
    with zipfile.ZipFile(release) as archive:
        archive.extractall(installed)

    await _set_up_in_a_clean_home_assistant(installed, monkeypatch)


@pytest.mark.slow
async def test_the_repositorys_first_folder_runs_in_a_clean_home_assistant(
    socket_enabled: None, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(repository) as archive:
        archive.extractall(tmp_path / "unpacked")
        names = [name.split("/", 1)[1] for name in archive.namelist()]
    below = [name.split("/") for name in names if name.startswith("custom_components/")]
    first = next(parts[1] for parts in below if len(parts) > 2)
    [root] = (tmp_path / "unpacked").iterdir()

    await _set_up_in_a_clean_home_assistant(root / "custom_components" / first, monkeypatch)


@pytest.mark.skipif(find_spec(MARKETPLACE) is None, reason="this version has no Marketplace")
def test_the_marketplaces_own_code_takes_both(
    release: Path, repository: Path, tmp_path: Path
) -> None:
    base = pytest.importorskip(f"{MARKETPLACE}.repositories.base")
    integration = pytest.importorskip(f"{MARKETPLACE}.repositories.integration")
    filters = pytest.importorskip(f"{MARKETPLACE}.utils.filters")

    manifest = base.RepositoryManifest.from_dict(HACS)
    assert (manifest.zip_release, manifest.filename) == (True, release.name)
    archive = base.RepositoryArchive(repository.read_bytes())
    first = filters.get_first_directory_in_directory(archive.tree, "custom_components")
    archive.extract_directory(f"custom_components/{first}", str(tmp_path / "from_repository"))
    with zipfile.ZipFile(release) as zip_file:
        zip_file.extractall(tmp_path / "from_zip")

    for folder in (tmp_path / "from_repository", tmp_path / "from_zip"):
        integration._check_loadable_manifest(folder, "pusher_channels")


def _build(folder: Path, checkout: Path = CHECKOUT) -> Path:
    subprocess.run([checkout / "scripts/release", folder], check=True, capture_output=True)
    built: Path = folder / HACS["filename"]
    assert built.exists()
    return built


async def _set_up_in_a_clean_home_assistant(
    component: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Add an app and a channel by the flows, in a Home Assistant that has only this folder."""
    monkeypatch.setattr(config_folder, "COMPONENT", component)
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"):
        monkeypatch.delenv(name, raising=False)
    async with DevServer() as server, HomeAssistant() as hass:
        place = {"host": server.host, "port": server.port, "use_tls": False}
        app = {"app_key": server.app.key, "server": place}
        entry_id = await hass.add_app(app, "auth_secret", secret=server.app.secret)
        await hass.add_channel(entry_id, "private-orders")
        await server.wait_subscribed("private-orders")
    assert (component / "__pycache__").exists(), "another copy of the integration was run"


def _is_folder(path: Path) -> bool:
    return path.is_dir() and path.name != "__pycache__"


def _is_ours(path: Path) -> bool:
    parts = path.relative_to(COMPONENT).parts
    return not any(part.startswith(".") or part == "__pycache__" for part in parts)
