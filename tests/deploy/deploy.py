#!/usr/bin/env python3
"""The examples of deploy/, without a cluster: by the schemas of what reads them, and by narthex itself.

usage: tests/deploy/deploy.py

Checked: systemd takes the unit, and finds it little exposed; the manifests are Kubernetes' (also the pods of Flink's
custom resource, whose own schema is the operator's); the compose file is Compose's; images have versions; the job in a
ConfigMap has no mistakes; every flag that they give narthex is one.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DEPLOY = ROOT / "deploy"
sys.path.insert(0, str(ROOT / "tests/monitoring"))

from servers import CACHE, Missing, Wrong, verdict  # noqa: E402

VENV = CACHE / "venv-deploy"
# Tenths, as systemd-analyze takes it; its scale ends at 10.0, and 2.0 is what it calls OK.
MOST_EXPOSED = 20


def main():
    # The schemas' packages are in an environment of their own.
    if not (VENV / "bin/python").exists():
        return verdict("deployment examples", missing)
    if pathlib.Path(sys.prefix) != VENV:
        os.execv(VENV / "bin/python", [VENV / "bin/python", __file__])
    return verdict("deployment examples", check)


def missing():
    raise Missing("there are no schemas: run scripts/setup.sh test")


def check():
    narthex = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or CACHE / "target") / "debug/narthex"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        print("systemd:", systemd(narthex, folder))
        print("kubernetes:", kubernetes(narthex, folder))
        print("compose:", compose(narthex))


def systemd(narthex, folder):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        raise Missing("there is no systemd-analyze (Debian: apt-get install systemd)")
    unit = (DEPLOY / "systemd/narthex@.service").read_text()
    for line in re.findall(r"^ExecStart(?:Pre)?=/usr/bin/narthex (.*)$", unit, re.M):
        takes(narthex, shlex.split(line.replace("%i", "vehicles")))
    copy = folder / "narthex@.service"
    copy.write_text(unit.replace("/usr/bin/narthex", str(narthex)))
    # It passes over what it does not know, with a word.
    said = run(analyze, "verify", "--man=no", copy)
    if copy.name in said:
        raise Wrong(said)
    run(analyze, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", copy)
    return f"verified, exposed by less than {MOST_EXPOSED / 10}"


def kubernetes(narthex, folder):
    import kubernetes_validate
    import yaml
    seen = []
    for path in [DEPLOY / "kubernetes/narthex.yaml", DEPLOY / "flink/session-cluster.yaml"]:
        for resource in yaml.safe_load_all(path.read_text()):
            kind = resource["kind"]
            seen.append(kind)
            if kind == "FlinkDeployment":
                # The operator fills in the image.
                pod = resource["spec"]["podTemplate"]
                for container in pod["spec"]["containers"]:
                    container.setdefault("image", resource["spec"]["image"])
                resource = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "flink"}, **pod}
            try:
                kubernetes_validate.validate(resource, "1.37", strict=True)
            except kubernetes_validate.ValidationError as error:
                raise Wrong(f"{path.name}, {kind}: {error.message}") from error
            if kind == "ConfigMap":
                (folder / "password").write_text("a secret")
                job = folder / "job.sql"
                job.write_text(resource["data"]["job.sql"].replace("/etc/receiver", str(folder)))
                run(narthex, "check", job)
            if kind == "Deployment":
                for container in resource["spec"]["template"]["spec"]["containers"]:
                    versioned(container["image"])
                    takes(narthex, container["args"])
    return ", ".join(seen)


def compose(narthex):
    import compose_spec
    import yaml
    path = DEPLOY / "compose/compose.yaml"
    try:
        services = compose_spec.PyCompose.from_yaml(path.read_text()).service_names()
    except ValueError as error:
        raise Wrong(f"{path.name}: {error}") from error
    text = yaml.safe_load(path.read_text())["services"]
    for service in text.values():
        if "image" in service:
            versioned(service["image"])
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith(".") and not (path.parent / source).exists():
                raise Wrong(f"{path.name}: there is no {source}")
    script = text["narthex"]["command"][0]
    run("bash", "-n", "-c", script)
    commands = re.findall(r"\bnarthex ((?:run|generate)\b[^<)]*)", script)
    if len(commands) != 2:
        raise Wrong(f"{path.name}: {script!r} has no run and generate")
    for command in commands:
        takes(narthex, shlex.split(command))
    return ", ".join(services)


def versioned(image):
    if not re.search(r":[^:/]*\d", image) and not image.endswith("-slim"):
        raise Wrong(f"the image {image} has no version")


def takes(narthex, arguments):
    """Help is printed when all flags before it are known and have fitting values."""
    run(narthex, *arguments, "--help")


def run(*command):
    ended = subprocess.run([*map(str, command)], capture_output=True, text=True)
    if ended.returncode != 0:
        raise Wrong(f"{shlex.join(map(str, command))}: exit {ended.returncode}\n{ended.stdout}{ended.stderr}")
    return ended.stdout + ended.stderr


if __name__ == "__main__":
    sys.exit(main())
