"""Small manifests: containers of `sh` and of Python's own web server."""


def web(name: str = "web", *, replicas: int = 2, body: str = "one", more: str = "") -> str:
    """A Deployment that serves a word over HTTP, ready as soon as it answers, and the Service before it."""
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, labels: {{app: {name}}}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  strategy: {{type: RollingUpdate, rollingUpdate: {{maxUnavailable: 0, maxSurge: 1}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 5
      volumes: [{{name: scratch, emptyDir: {{}}}}]
      containers:
      - name: {name}
        image: {name}:1
        command: [/bin/sh, -c]
        args:
        - |
          trap 'exit 0' TERM
          echo "$BODY" > /scratch/index.html; echo "started $BODY on $ADDRESS"
          python3 -u -m http.server 8000 --bind 0.0.0.0 --directory /scratch &
          wait
        env:
        - {{name: BODY, value: {body}}}
        - {{name: ADDRESS, valueFrom: {{fieldRef: {{fieldPath: status.podIP}}}}}}
        ports: [{{name: http, containerPort: 8000}}]
        readinessProbe: {{httpGet: {{path: /, port: http}}, periodSeconds: 1}}
        resources: {{limits: {{memory: 256Mi, cpu: 500m}}, requests: {{memory: 64Mi}}}}
        volumeMounts: [{{name: scratch, mountPath: /scratch}}]
{more}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{selector: {{app: {name}}}, ports: [{{name: http, port: 80, targetPort: http}}]}}
"""


def pod(name: str, script: str, *, more: str = "", of_container: str = "") -> str:
    """A pod of one container, `main`, that runs a shell script; further lines of its spec and of its container."""
    lines = "\n".join(" " * 6 + line for line in script.strip().splitlines())
    return f"""
apiVersion: v1
kind: Pod
metadata: {{name: {name}}}
spec:
  terminationGracePeriodSeconds: 1
{more}
  containers:
  - name: main
    image: shell:1
    command: [/bin/sh, -c]
    args:
    - |
{lines}
{of_container}
"""
