"""A deployment that sleeps, and its autoscaler, for whoever scales one in the stand-in for Kubernetes."""

__all__ = ["autoscaler", "sleeping"]

_DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, labels: {{app: {name}}}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{{name: api, image: "sleeps:1", command: [sleep, "100000"]}}]
"""
_AUTOSCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: {name}}}
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {name}}}
  minReplicas: {least}
  maxReplicas: {most}
"""


def sleeping(name: str) -> str:
    """A deployment of one replica."""
    return _DEPLOYMENT.format(name=name)


def autoscaler(name: str, *, least: int, most: int) -> str:
    """The autoscaler of the deployment of that name, which it shares."""
    return _AUTOSCALER.format(name=name, least=least, most=most)
