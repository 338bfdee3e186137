"""The manifests in deploy/kubernetes/ are what Kubernetes takes, and say of the shop what the Compose file says."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from django.urls import Resolver404, resolve

from search.conf import PACKAGED, checked
from tests.test_deploy import DEPLOY, DOCKERFILE, EXAMPLE, OWN, SERVICES, SETTINGS, check_program

FOLDER = DEPLOY / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
OBJECTS = [
    one for name in KUSTOMIZATION["resources"] for one in yaml.safe_load_all((FOLDER / name).read_text())
]
RELEASES = ("1.30", "1.37")  # of Kubernetes; the schemas of both come with the package
SECRETS = {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"}
RUNNING = [one for one in OBJECTS if one["kind"] in ("Deployment", "Job")]


def name_of(one: dict) -> str:
    return f"{one['kind']} {one['metadata']['name']}"


def pod_of(one: dict) -> dict:
    return one["spec"]["template"]["spec"]


def containers_of(one: dict) -> list[dict]:
    return [*pod_of(one).get("initContainers", ()), *pod_of(one)["containers"]]


def find(kind: str, name: str) -> dict:
    (found,) = (one for one in OBJECTS if name_of(one) == f"{kind} {name}")
    return found


def settings() -> dict[str, str]:
    return find("ConfigMap", "fashion-settings")["data"]


def arguments_of(container: dict) -> list[str]:
    """Its command with the variables that Kubernetes puts in; the image's own where it has none."""
    image = json.loads(re.findall(r"^CMD (\[.*\])", DOCKERFILE, re.MULTILINE)[-1])
    words = container.get("command", image)
    return [re.sub(r"\$\((\w+)\)", lambda match: settings()[match[1]], word) for word in words]


def refused(one: dict, release: str = RELEASES[-1]) -> str:
    try:
        kubernetes_validate.validate(one, release, strict=True)
    except kubernetes_validate.ValidationError as error:
        return error.message
    return ""


def test_every_file_is_part_of_the_base():
    files = {file.name for file in FOLDER.iterdir()} - {"kustomization.yaml"}
    assert files == set(KUSTOMIZATION["resources"])


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("one", OBJECTS, ids=name_of)
def test_kubernetes_takes_it(one, release):
    assert refused(one, release) == ""


def test_kubernetes_takes_no_misspelt_key():
    wrong = json.loads(json.dumps(find("Deployment", "web")))
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    assert "readynessProbe" in refused(wrong)


def test_kustomize_makes_one_base_of_them():
    if not (kubectl := shutil.which("kubectl")):
        pytest.skip("kubectl is missing, which has Kustomize in it")
    made = subprocess.run([kubectl, "kustomize", str(FOLDER)], capture_output=True, text=True, check=True)
    objects = list(yaml.safe_load_all(made.stdout))
    assert sorted(map(name_of, objects)) == sorted(map(name_of, OBJECTS))
    made_to_run = [one for one in objects if one["kind"] in ("Deployment", "Job")]
    images = {container["image"] for one in made_to_run for container in containers_of(one)}
    assert images == {"fashion-search:latest"}


@pytest.mark.parametrize("one", RUNNING, ids=name_of)
def test_it_runs_a_program_of_the_shop_from_its_image(one):
    image = SERVICES["web"]["image"].partition(":")[0]
    for container in containers_of(one):
        assert container["image"] == image == KUSTOMIZATION["images"][0]["name"]
        check_program(arguments_of(container))
        assert container["envFrom"] == [
            {"configMapRef": {"name": "fashion-settings"}},
            {"secretRef": {"name": "fashion-secrets"}},
        ]


def test_each_runs_what_the_compose_file_runs():
    assert {one["metadata"]["name"] for one in RUNNING} == set(SERVICES) - {"postgres", "redis"}
    for one in RUNNING:
        service, (container,) = SERVICES[one["metadata"]["name"]], pod_of(one)["containers"]
        if "command" in service:
            words = shlex.split(re.sub(r"\$\{(\w+):-(\w+)\}", r"\2", service["command"]))
            assert arguments_of(container) == words
        else:
            assert "command" not in container


def test_settings_are_variables_of_the_shop_and_no_secrets():
    given = settings()
    assert set(given) <= SETTINGS | OWN
    assert not SECRETS & set(given)
    assert all(isinstance(value, str) for value in given.values()), "Kubernetes takes texts only"
    example = dict(re.findall(r"^(\w+)=(.*)$", EXAMPLE, re.MULTILINE))
    assert set(example) >= SECRETS
    same = set(given) & set(example) - {"FASHION_SEARCH"}
    assert {name: given[name] for name in same} == {name: shlex.split(example[name])[0] for name in same}
    plugin = json.loads(given["FASHION_SEARCH"])
    assert plugin["INDEX_PARALLEL"] == int(given["WORKER_CHILDREN"])
    assert {checked(name, value) for name, value in plugin.items()} > {PACKAGED / "light"}


@pytest.mark.parametrize("one", RUNNING, ids=name_of)
def test_it_has_no_rights_and_writes_to_its_own_folders_only(one):
    pod = pod_of(one)
    user = re.search(r"useradd --uid (\d+)", DOCKERFILE)[1]
    assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (True, int(user))
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)
    volumes = {volume["name"] for volume in pod["volumes"]}
    for container in containers_of(one):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
        assert {mount["name"] for mount in mounts.values()} == volumes
        # The same folders as with Compose; artifacts are never written to.
        assert set(mounts) == {
            "/tmp",
            settings()["PROMETHEUS_MULTIPROC_DIR"],
            settings()["MEDIA_ROOT"],
            "/srv/fashion/artifacts",
        }
        assert mounts["/srv/fashion/artifacts"]["readOnly"] is True
        assert {"cpu", "memory"} == set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]


def test_probes_ask_addresses_that_there_are():
    (web,) = pod_of(find("Deployment", "web"))["containers"]
    ports = {port["name"]: port["containerPort"] for port in web["ports"]}
    assert ports == {"http": int(re.search(r"WEB_BIND=0\.0\.0\.0:(\d+)", DOCKERFILE)[1])}
    paths = {name: web[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {probe["port"] for probe in paths.values()} == {"http"}
    names = {name: resolve(probe["path"]).url_name for name, probe in paths.items()}
    assert names == {"startup": "live", "liveness": "live", "readiness": "ready"}
    with pytest.raises(Resolver404):
        resolve("/health/alive")
    for name in ("worker", "beat"):
        (container,) = pod_of(find("Deployment", name))["containers"]
        program, option, script = container["livenessProbe"]["exec"]["command"]
        assert (program, option) == ("sh", "-c")
        subprocess.run(["sh", "-n", "-c", script], check=True)


def test_the_probe_of_beat_tells_a_file_that_is_written_from_one_that_is_not(tmp_path):
    (beat,) = pod_of(find("Deployment", "beat"))["containers"]
    script = beat["livenessProbe"]["exec"]["command"][2].replace("/tmp", str(tmp_path))

    def lives() -> bool:
        return subprocess.run(["sh", "-c", script], check=False).returncode == 0

    assert not lives()
    file = tmp_path / Path(arguments_of(beat)[-2]).name
    file.touch()
    assert lives()
    subprocess.run(["touch", "-d", "1 hour ago", str(file)], check=True)
    assert not lives()


def test_everything_waits_for_the_migrations():
    for one in RUNNING:
        waits = [container["command"] for container in pod_of(one).get("initContainers", ())]
        expected = [] if one["kind"] == "Job" else [["python", "manage.py", "migrate", "--check"]]
        assert waits == expected


def test_there_is_one_beat_and_web_scales_within_what_may_be_taken_away():
    beat, web = find("Deployment", "beat")["spec"], find("Deployment", "web")["spec"]
    assert (beat["replicas"], beat["strategy"]["type"]) == (1, "Recreate")
    assert "replicas" not in web, "an apply would undo what the autoscaler has done"
    scaler = find("HorizontalPodAutoscaler", "web")["spec"]
    assert scaler["scaleTargetRef"]["name"] == "web"
    assert scaler["minReplicas"] > find("PodDisruptionBudget", "web")["spec"]["maxUnavailable"]
    for kind in ("Service", "PodDisruptionBudget"):
        selector = find(kind, "web")["spec"]["selector"]
        labels = selector.get("matchLabels", selector)
        assert labels.items() <= web["template"]["metadata"]["labels"].items()


def test_pods_end_no_earlier_than_what_they_stop():
    for name in ("web", "worker"):
        patience = pod_of(find("Deployment", name))["terminationGracePeriodSeconds"]
        assert patience >= int(SERVICES[name]["stop_grace_period"].rstrip("s"))
