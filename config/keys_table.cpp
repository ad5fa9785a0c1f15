// The table. Source: the project's description of its configuration; a test takes every default from here and finds it
// in force, and every bound and finds it kept.
#include <array>

#include "config/keys.hpp"

namespace headroom {
namespace {

using enum Form;

constexpr std::string_view kDefaultClasses =
    "[{name: step, match: [{engine: [argo, dflow, flyte, tekton, kfp, airflow, spark, dask, kubeflow, trainer, jenkins, gitlab]}], "
    "borrow: {upTo: 8 cores, start: 20s, credit: 10 cpu-min, visibility: auto}}]";

constexpr Key kKeys[] = {
    {"", map, "", "", "the configuration; an empty file is valid"},
    {"version", integer, "1", "1", "of this format", 1, 1},
    {"mode", word, "off | observe | enforce", "observe", "off restores everything and stays off, observe never writes, enforce writes"},

    {"rollout", maps, "a list of steps ([{nodes: {pool: canary}, enforce: 100%}])", "[]",
     "raises observe to enforce node by node, first match wins; off and enforce it leaves alone"},
    {"rollout[].nodes", text_map, "a map of node labels ({pool: canary})", "every node", "labels of the node, all of them"},
    {"rollout[].enforce", tenths_of_percent, "10%", "0%", "share of these nodes, by a stable hash of the node's name", 0, 100'000},
    {"rollout[].holdout", tenths_of_percent, "5%", "0%", "share of their eligible pods, by a stable hash of the UID, that keep static limits", 0, 100'000},
    {"rollout[].namespaces", texts, "a list of namespaces ([chem-flows])", "all", "only pods in these"},

    {"node", map, "", "", "what the node has to give"},
    {"node.target", auto_or_percent, "90%", "auto",
     "share of the CPUs that use and leases together may reach (SMT sibling of a busy CPU: 0.4); auto: 95 % where a judge is in "
     "force, 75 % without; a number is an upper bound on both", 1000, 100'000},
    {"node.steal", tenths_of_percent, "2%", "2%",
     "share of the CPUs that the hypervisor may give to others, over 10 s, before nothing is lent; 100%: whatever it gives", 0, 100'000},
    {"node.onBlind", word, "restore | hold", "restore", "after 3 failed ticks in a row: put the originals back, or leave what is out"},

    {"contract", map, "", "", "what a neighbour may suffer"},
    {"contract.addedWait", tenths_of_percent, "1%", "1%", "wait that we may cause any protected container, of wall time", 100, 10'000},
    {"contract.per", duration, "1m", "1m", "in every window of this length", 10'000, 3'600'000},

    {"classes", maps, "a list of classes", kDefaultClasses, "rules, first match wins; what none matches is protected and is lent nothing"},
    {"classes[].name", class_name, "[a-z][a-z0-9-]*, at most 32 characters", "", "the class, once; not none, system", 0, 0, {}, Need::required},
    {"classes[].match", entries, "a list of entries ([{path: \"dflow.slice/**\"}])", "", "any entry; in an entry all keys", 0, 0, {}, Need::required},
    {"classes[].match[].engine", engines, "a list of engines ([argo, dflow])", "not asked", "any of these workflow engines (flyte: both of its versions; not a sub-engine's)"},
    {"classes[].match[].dockerName", pattern, "a pattern in RE2's syntax", "not asked", "whole name of a Docker container, by RE2"},
    {"classes[].match[].portRange", ports, "two ports of 1..65535, the lower first ([26000, 27000])", "any port", "bounds dockerName's group (?P<port>...), ends included", 1, 65'535},
    {"classes[].match[].namespace", texts, "a list of namespaces ([argo])", "not asked", "any of these names"},
    {"classes[].match[].podLabels", text_map, "a map ({tier: latency})", "not asked", "all of these labels, equal"},
    {"classes[].match[].podAnnotations", text_map, "a map ({tier: latency})", "not asked", "all of these annotations, equal"},
    {"classes[].match[].qos", word, "Guaranteed | Burstable | BestEffort", "not asked", "Kubernetes' QoS class"},
    {"classes[].match[].path", globs, "a glob on the path below the root (\"dflow.slice/**\")", "not asked", "any of these globs on the cgroup's path below the root: * within a segment, ** across"},
    {"classes[].match[].unit", text, "a glob on the unit's name (\"train-*.service\")", "not asked", "systemd unit by name; also one in system.slice, whose units are otherwise left alone"},
    {"classes[].match[].slice", slice, "the name of a slice (\"dflow.slice\")", "not asked", "every service and scope in or below this systemd slice"},
    {"classes[].borrow", word_or_map, "none", "none", "what may be lent to it"},
    {"classes[].borrow.upTo", cores, "8 cores", "8 cores", "ceiling of its use; never more than the node's cores", 100, 64'000},
    {"classes[].borrow.start", duration, "20s", "20s", "length of the start lease", 0, 300'000},
    {"classes[].borrow.credit", cpu_minutes, "10 cpu-min", "10 cpu-min",
     "account of CPU time: starts full, earns 1:1 what the container leaves unused below its limit, is spent above it, never "
     "holds more than this", 0, 10'000'000},
    {"classes[].borrow.perNamespace", cpu_hours_a_day, "200 cpu-h/day", "no bound", "lent per namespace and day at most", 100, 100'000'000, "nothing is counted by namespace"},
    {"classes[].borrow.visibility", word, "auto | hidden | file", "auto", "hidden: the value never moves; file: it does; auto: hidden for the whole start lease, file after that"},
    {"classes[].cap", map, "", "none", "squeezed: only a class that may not borrow", 0, 0, "nothing is squeezed"},
    {"classes[].cap.whenHot", percent_of_node, "20% of node", "no bound", "at most that much while the node is hot", 1000, 100'000},
    {"classes[].cap.never", below_cores, "below 1 core", "no bound", "never below that", 100, 64'000},
    {"classes[].weight", word, "auto | keep | lower", "auto", "loses weight while it borrows: auto only while claims exceed what is lendable, lower always, keep never"},

    {"annotations", map, "", "", "what a tenant may ask for; headroom.io/opt-out: \"true\" is always allowed"},
    {"annotations.headroom.io/up-to", map, "", "not accepted", "a pod's own ceiling instead of its class's upTo"},
    {"annotations.headroom.io/up-to.max", cores, "4 cores", "", "the annotation is clamped to this and reported", 100, 64'000, {}, Need::required},
    {"annotations.koordinator.sh/cpuBurst", word, "accept | ignore", "ignore", "Koordinator's annotation on pods, for policy: koordinator"},

    {"breaker", map, "", "", "what ends enforce by itself", 0, 0, "a breach changes no mode"},
    {"breaker.breaches", breaches, "3 in 10m", "3 in 10m", "after so many breaches of the contract: observe", 60'000, 86'400'000},
    {"breaker.writeErrors", tenths_of_percent, "1%", "1%", "after that share of failed writes: observe", 100, 100'000},
    {"breaker.for", duration, "1h", "1h", "so long", 60'000, 86'400'000},

    {"signals", map, "", "", "what others are told"},
    {"signals.nodeLabel", word, "off | nfd | patch", "off", "label headroom.io/lendable-cpus as an nfd feature file, or by a patch of the own Node"},
    {"signals.events", word, "off | on", "off", "events on pods, at most 1 a pod and 20 a node and hour", 0, 0, "none is written"},

    {"policy", word, "", "headroom", "who decides; static watches only"},
    {"listen", address, "ADDRESS:PORT (\"127.0.0.1:9478\", \"[::]:9478\" in quotes)", "127.0.0.1:9478", "/metrics, /healthz, /readyz; an IPv6 address needs quotes"},

    {"log", map, "", "", "lines on stderr"},
    {"log.level", word, "trace | debug | info | warn | error", "info", "least level that is written"},
    {"log.format", word, "text | json", "text", "lines for people or for machines"},

    {"journal", map, "", "", "the record of inputs, state and plans"},
    {"journal.max", mebibytes, "16 MiB", "16 MiB", "all its files together, oldest dropped (in an enforcing pod the state directory is memory)", 1000, 1'024'000},

    {"sources", map, "", "", "who is asked for names; auto: on where its token, socket or bus is found"},
    {"sources.kubelet", word_or_map, "auto | off", "auto", "the kubelet of this node"},
    {"sources.docker", word_or_map, "auto | off", "auto", "dockerd of this node"},
    {"sources.systemd", word_or_map, "auto | off", "auto", "the system's manager, over the bus: what its units' own limits are, and when it puts them back (daemon-reload)"},
    {"sources.apiServer", word_or_map, "auto | off", "off", "the cluster's API server", 0, 0, "it is not asked"},
    {"sources.*.address", url, "a URL or unix: and a path (\"unix:/run/docker.sock\")", "where it usually is", "kubelet: https://<status.hostIP>:10250, docker: unix:/run/docker.sock, systemd: the system bus, apiServer: from the pod's environment"},
    {"sources.*.ca", text, "the path of a file", "none; kubelet, apiServer: the ServiceAccount's", "authority to verify with"},
    {"sources.*.pin", text, "the path of a file", "none", "the certificate itself (https only)"},
    {"sources.*.insecure", truth, "true or false", "false", "no verification, only towards the node's own address"},

    {"tuning", parameters, "a map of the policy's parameters", "", "parameters of the policy by name"},
};

constexpr std::array<std::string_view, 16> kEngines{"argo",    "dflow",      "kfp",     "tekton",  "ray",      "spark",
                                                    "dask",    "kubeflow",   "trainer", "flyte",   "flyte-v1", "flyte-v2",
                                                    "airflow", "globalfunc", "jenkins", "gitlab"};

}  // namespace

std::span<const Key> keys() { return kKeys; }

std::span<const std::string_view> engine_ids() { return kEngines; }

}  // namespace headroom
