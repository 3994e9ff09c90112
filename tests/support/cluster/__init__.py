"""A stand-in for Kubernetes, driven by the real kubectl, with processes of this machine as pods.

What it is for: the chart runs in it as it is, and every kubectl line that an operator types finds what it expects.
What it is not: Kubernetes.  It has one node, no scheduler that weighs anything, no network policies, no quotas, no
admission of pods by their security; containers are neither images nor users.  What passes here still has to be tried
on a real cluster.

    with running_cluster(folder) as cluster:
        cluster.apply(manifest)
        cluster.kubectl("rollout", "status", "deployment/api")

The modules, from the inside out: `kinds` and `schemas` (what there is), `store` (the objects), `controllers` (what
makes objects of objects), `sandbox`, `containers`, `lives`, `kubelet` (what makes processes of pods), `network`,
`volumes`, `usage`, `metrics`, `access`, `admission`, `api`, `streams` (what kubectl talks to), `node`, `state_metrics`
(what Prometheus scrapes), `cluster` (all of it), `running` (how a test starts one).
"""

from support.cluster.running import Cluster, running_cluster

__all__ = ["Cluster", "running_cluster"]
