"""What stands in deploy/ is valid and fits together, and the cluster of the Kubernetes manifests forms of its very config."""
import copy
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import kubernetes_validate
import yaml

import network   # of tools/yard
from programs import ROOT, Process
from yard import BIN, http, wait_until

DEPLOY = ROOT / "deploy"
MANIFESTS = (DEPLOY / "kubernetes/switchyard.yaml").read_text()
CONTAINERFILE = (DEPLOY / "container/Containerfile").read_text()
NO_HOSTS = network.available()
HAPROXY = shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin")
OLDEST_KUBERNETES = "1.25"
SECRETS = {name: f"try-{name.lower()}" for name in re.findall(r"env\.(\w+)", MANIFESTS)}
VERSION = re.search(r"project\(switchyard VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text()).group(1)


def seconds(duration):
    return int(duration.removesuffix("s"))


class Manifests:
    def __init__(self, documents):
        self.documents = documents
        self.set = self.one("StatefulSet", "switchyard")
        self.template = self.set["spec"]["template"]
        self.pod = self.template["spec"]
        self.node = self.pod["containers"][0]
        self.config_text = self.one("ConfigMap", "switchyard")["data"]["switchyard.yaml"]
        self.config = yaml.safe_load(self.config_text)
        self.entry = json.loads(re.search(r"(?m)^ENTRYPOINT (.*)$", CONTAINERFILE).group(1))

    def all(self, kind):
        return [document for document in self.documents if document["kind"] == kind]

    def one(self, kind, name):
        return next(document for document in self.all(kind) if document["metadata"]["name"] == name)

    def names(self):
        return [f"switchyard-{number}" for number in range(self.set["spec"]["replicas"])]

    def complaints(self):
        """What does not fit, a line for each."""
        for check in (self.selectors, self.ports, self.volumes, self.probes, self.cluster, self.times, self.image, self.accepted, self.schemas):
            yield from check()

    def schemas(self):
        for version in (OLDEST_KUBERNETES, kubernetes_validate.latest_version()):
            for document in self.documents:
                try:
                    kubernetes_validate.validate(document, version, strict=True)
                except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as wrong:
                    yield f"Kubernetes {version}: {document['kind']} {document['metadata']['name']}: {wrong.message}"

    def selectors(self):
        labels = self.template["metadata"]["labels"].items()
        chosen = [("Service " + service["metadata"]["name"], service["spec"]["selector"]) for service in self.all("Service")]
        chosen += [(one["kind"], one["spec"]["selector"]["matchLabels"]) for one in (self.set, *self.all("PodDisruptionBudget"))]
        chosen += [("topologySpreadConstraints", spread["labelSelector"]["matchLabels"]) for spread in self.pod["topologySpreadConstraints"]]
        for who, selector in chosen:
            if not selector or not selector.items() <= labels:
                yield f"{who} selects no pod of the stateful set"

    def ports(self):
        ports = {port["name"]: port["containerPort"] for port in self.node["ports"]}
        for service in self.all("Service"):
            for port in service["spec"]["ports"]:
                if port["targetPort"] not in ports:
                    yield f"Service {service['metadata']['name']} leads to a port that the pod does not have: {port['targetPort']}"
        for name, section in (("data", "server"), ("admin", "admin"), ("nodes", "cluster")):
            if self.config[section]["listen"] != f"0.0.0.0:{ports.get(name)}":
                yield f"port {name} is not where {section} listens"

    def volumes(self):
        there = {volume["name"]: volume for volume in self.pod["volumes"] + [{"name": claim["metadata"]["name"]} for claim in self.set["spec"]["volumeClaimTemplates"]]}
        mounts = [mount for container in self.pod["initContainers"] + self.pod["containers"] for mount in container["volumeMounts"]]
        for name in {mount["name"] for mount in mounts} ^ set(there):
            yield f"volume {name} is mounted or declared, not both"
        for volume in there.values():
            if "configMap" in volume and volume["configMap"]["name"] not in {one["metadata"]["name"] for one in self.all("ConfigMap")}:
                yield f"volume {volume['name']} is of a ConfigMap that is not here"
        at = {mount["mountPath"]: mount for mount in self.node["volumeMounts"]}
        config_file, data = (pathlib.PurePosixPath(self.entry[self.entry.index(option) + 1]) for option in ("--config", "--data-dir"))
        for path in (config_file.parent, data, *(pathlib.PurePosixPath(file).parent for file in self.config["cluster"]["tls"].values())):
            if str(path) not in at:
                yield f"nothing is mounted at {path}"
        if at.get(str(data), {}).get("readOnly"):
            yield f"{data} cannot be written"

    def probes(self):
        for probe, path in (("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
            asked = self.node[probe]["httpGet"]
            if asked["path"] != path or asked["port"] != "data":
                yield f"{probe} asks {asked}"

    def cluster(self):
        if self.config["cluster"]["members"] != self.names():
            yield f"members are not the names that {self.set['spec']['replicas']} replicas get"
        service = self.set["spec"]["serviceName"]
        if self.config["cluster"]["seeds"] != [f"{service}:8082"] or self.one("Service", service)["spec"].get("clusterIP") != "None":
            yield "the seed is not the headless service"
        name = next((variable for variable in self.node["env"] if variable["name"] == "NODE_NAME"), {})
        if self.node["args"] != ["--node-name", "$(NODE_NAME)"] or name.get("valueFrom") != {"fieldRef": {"fieldPath": "metadata.name"}}:
            yield "a node does not get its pod's name"

    def times(self):
        drain = seconds(self.config["server"]["drain_timeout"]) + int(self.node["lifecycle"]["preStop"]["exec"]["command"][-1])
        if self.pod["terminationGracePeriodSeconds"] < drain + 10:
            yield f"a node may need {drain} s to end, and some for its ledger"

    def image(self):
        for container in self.pod["initContainers"] + self.pod["containers"]:
            if container["image"] != f"switchyard:{VERSION}":
                yield f"{container['name']}: image {container['image']} is not of this version, {VERSION}"
        user = re.search(r"(?m)^USER (\d+):(\d+)$", CONTAINERFILE).groups()
        rights = self.pod["securityContext"]
        if tuple(str(rights[one]) for one in ("runAsUser", "runAsGroup")) != user:
            yield f"the image's user is {user}"

    def accepted(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(self.config_text)
            file.flush()
            checked = subprocess.run([BIN / "switchyardctl", "config", "check", file.name], capture_output=True, text=True, check=False, env={**os.environ, **SECRETS})
        if checked.returncode != 0:
            yield f"the config is refused: {checked.stderr}"


def documents():
    return [document for document in yaml.safe_load_all(MANIFESTS) if document]


def in_config(manifests, before, after):
    data = manifests.one("ConfigMap", "switchyard")["data"]
    assert before in data["switchyard.yaml"], before
    data["switchyard.yaml"] = data["switchyard.yaml"].replace(before, after)


# What each of the checks is there for: a fault, and what is said of it.
FAULTS = [
    (lambda m: m.set["spec"].update(replica=3), "'replica' was unexpected"),
    (lambda m: m.one("PodDisruptionBudget", "switchyard").update(apiVersion="policy/v1beta1"), "Couldn't find schema"),
    (lambda m: m.node["readinessProbe"].update(periodSeconds="2"), "'2' is not of type 'integer'"),
    (lambda m: m.one("Service", "switchyard")["spec"]["selector"].update(tier="front"), "Service switchyard selects no pod"),
    (lambda m: m.set["spec"]["selector"]["matchLabels"].update(tier="front"), "StatefulSet selects no pod"),
    (lambda m: m.one("PodDisruptionBudget", "switchyard")["spec"]["selector"].update(matchLabels={}), "PodDisruptionBudget selects no pod"),
    (lambda m: m.pod["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"].update(tier="front"), "topologySpreadConstraints selects no pod"),
    (lambda m: m.one("Service", "switchyard")["spec"]["ports"][0].update(targetPort="http"), "a port that the pod does not have: http"),
    (lambda m: in_config(m, "0.0.0.0:8080", "127.0.0.1:8080"), "port data is not where server listens"),
    (lambda m: m.node["volumeMounts"][0].update(name="settings"), "volume settings is mounted or declared"),
    (lambda m: m.pod["volumes"][-1]["configMap"].update(name="other"), "a ConfigMap that is not here"),
    (lambda m: m.node["volumeMounts"][0].update(mountPath="/etc/other"), "nothing is mounted at /etc/switchyard"),
    (lambda m: m.node["volumeMounts"][1].update(readOnly=True), "/var/lib/switchyard cannot be written"),
    (lambda m: m.node["readinessProbe"]["httpGet"].update(path="/healthz"), "readinessProbe asks"),
    (lambda m: m.node["livenessProbe"]["httpGet"].update(port="admin"), "livenessProbe asks"),
    (lambda m: m.set["spec"].update(replicas=5), "members are not the names that 5 replicas get"),
    (lambda m: m.set["spec"].update(serviceName="switchyard"), "the seed is not the headless service"),
    (lambda m: m.node.update(args=[]), "a node does not get its pod's name"),
    (lambda m: m.pod.update(terminationGracePeriodSeconds=40), "a node may need 35 s to end"),
    (lambda m: m.node.update(image="switchyard:0.0.9"), "is not of this version"),
    (lambda m: m.pod["securityContext"].update(runAsUser=1000), "the image's user is"),
    (lambda m: in_config(m, "providers:", "provider:"), "the config is refused"),
]


class Kubernetes(unittest.TestCase):
    def test_the_manifests_are_valid_and_fit_together(self):
        self.assertEqual(list(Manifests(documents()).complaints()), [])

    def test_every_check_finds_its_fault(self):
        for number, (fault, said) in enumerate(FAULTS):
            with self.subTest(number=number, said=said):
                broken = Manifests(copy.deepcopy(documents()))
                fault(broken)
                self.assertTrue(any(said in complaint for complaint in Manifests(broken.documents).complaints()))

    @unittest.skipIf(NO_HOSTS, f"a host for each node: {NO_HOSTS}")
    def test_three_nodes_form_a_cluster_of_the_very_config(self):
        """Each on a host of its own with the ports of the manifests, its files where they say, and one name that leads to all."""
        manifests = Manifests(documents())
        folder = pathlib.Path(tempfile.mkdtemp(prefix="switchyard-e2e-"))
        self.addCleanup(shutil.rmtree, folder, True)
        (folder / "switchyard.yaml").write_text(manifests.config_text)
        names = manifests.names()
        subprocess.run([BIN / "switchyardctl", "cluster", "cert", "--dir", folder / "certificates", *names], check=True, capture_output=True)
        hosts = network.Network(len(names))
        self.addCleanup(hosts.close)
        (folder / "hosts").write_text("127.0.0.1 localhost\n" + "".join(f"{hosts.address(number)} switchyard-nodes\n" for number in range(len(names))))
        copy_certificates = manifests.pod["initContainers"][0]["command"][-1].replace("/certificates/", f"{folder}/certificates/")
        for number, name in enumerate(names):
            (folder / name).mkdir()
            arguments = [argument.replace("$(NODE_NAME)", name) for argument in manifests.node["args"]]
            # `ip netns exec` has given it mounts of its own.
            script = f'mount --bind {folder}/hosts /etc/hosts && mount -t tmpfs none /run && mkdir /run/tls && {{ {copy_certificates}; }} && exec "$@"'
            node = Process([*hosts.inside(number), "sh", "-c", script, "sh", BIN / "switchyard", "--config", folder / "switchyard.yaml",
                            "--data-dir", folder / name / "data", *arguments], folder / name, r"listening data=\S+", {**SECRETS, "NODE_NAME": name})
            self.addCleanup(node.terminate)
        token = {"authorization": "Bearer " + SECRETS["SWITCHYARD_ADMIN_TOKEN"]}
        rows = lambda number: json.loads(http("GET", f"http://{hosts.address(number)}:8081/admin/v1/nodes", headers=token)[2])["nodes"]
        everybody = range(len(names))
        # Members that nobody has met yet are listed, too.
        met = lambda number: sorted(row["name"] for row in rows(number) if row["state"] == "alive" and (row["self"] or row["round_trip_ms"] is not None))
        wait_until(lambda: all(met(number) == names for number in everybody), 12, "all have found each other")
        wait_until(lambda: all(http("GET", f"http://{hosts.address(number)}:8080/readyz")[0] == 200 for number in everybody), 5, "all are ready")


class Others(unittest.TestCase):
    def test_image_and_service_come_with_every_model_that_is_read(self):
        sources = [path.read_text() for folder in ("actors", "routing", "tools") for path in (ROOT / folder).rglob("*.cpp")]
        read = {name for source in sources for name in re.findall(r'model_file\([^"]*"(\w+\.bin)"', source)}
        self.assertEqual(set(re.findall(r"/src/models/(\w+\.bin)", CONTAINERFILE)), read)
        named = re.search(r"models/\{(\S+)\}\.bin", (DEPLOY / "systemd/switchyard.service").read_text()).group(1)
        self.assertEqual({f"{name}.bin" for name in named.split(",")}, read)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_systemd_takes_the_service(self):
        unit = (DEPLOY / "systemd/switchyard.service").read_text().replace("/usr/bin/switchyard", str(BIN / "switchyard"))
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "switchyard.service"
            path.write_text(unit)
            done = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True, check=False)
        # It also says what it thinks of this machine's own units.
        self.assertEqual([line for line in done.stderr.splitlines() if "switchyard" in line], [])
        self.assertEqual(done.returncode, 0, done.stderr)

    @unittest.skipUnless(HAPROXY, "haproxy is not installed")
    def test_haproxy_takes_its_config(self):
        done = subprocess.run([HAPROXY, "-c", "-f", DEPLOY / "haproxy/haproxy.cfg"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
