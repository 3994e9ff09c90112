{{/* What several objects share. */}}

{{- define "actinf.labels" -}}
app.kubernetes.io/part-of: actinf
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* (dict "image" .Values.x.image "default" tag) */}}
{{- define "actinf.image" -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ .image.tag | default .default }}
{{- end -}}
{{- end -}}

{{- define "actinf.ownImage" -}}
image: {{ include "actinf.image" (dict "image" .Values.image "default" .Chart.AppVersion) }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end -}}

{{/* The restricted pod security standard, and one user for all: volumes that two pods mount belong to both. */}}
{{- define "actinf.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  # Not at every start: it would open the data folder to the group, and PostgreSQL would refuse it.
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nginx.service.clusterIP }}
hostAliases:
  - ip: {{ . }}
    hostnames: [{{ $.Values.hosts.database }}, {{ $.Values.hosts.cache }}]
{{- end }}
{{- end -}}

{{- define "actinf.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* (dict "root" $ "variable" NAME "key" KEY "optional" bool) */}}
{{- define "actinf.secretVariable" -}}
- name: {{ .variable }}
  valueFrom:
    secretKeyRef:
      name: {{ .root.Values.secrets.name }}
      key: {{ .key }}
      {{- if .optional }}
      optional: true
      {{- end }}
{{- end -}}

{{/* What the API and the workers are told alike. */}}
{{- define "actinf.serviceVariables" -}}
- {name: ACTINF_HOST, value: 0.0.0.0}
{{ include "actinf.secretVariable" (dict "root" . "variable" "ACTINF_DATABASE_URL" "key" "database-url") }}
{{ include "actinf.secretVariable" (dict "root" . "variable" "ACTINF_CACHE_URL" "key" "cache-url") }}
{{ include "actinf.secretVariable" (dict "root" . "variable" "ACTINF_AUDIT_KEY" "key" "audit-key") }}
{{ include "actinf.secretVariable" (dict "root" . "variable" "ACTINF_SENTRY_DSN" "key" "sentry-dsn" "optional" true) }}
- {name: ACTINF_ENVIRONMENT, value: {{ .Values.api.environment | quote }}}
- {name: ACTINF_POOL_SIZE, value: {{ .Values.api.poolSize | quote }}}
- {name: ACTINF_RETENTION_DAYS, value: {{ .Values.api.retentionDays | quote }}}
- {name: ACTINF_LOG_FORMAT, value: json}
- {name: ACTINF_LOG_LEVEL, value: {{ .Values.api.logLevel }}}
{{- range $name, $value := .Values.api.env }}
- {name: {{ $name }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- end -}}

{{/* Of several pods not all on one node, as long as there are others. */}}
{{- define "actinf.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {matchLabels: {app: {{ . }}}}
{{- end -}}

{{/* Who changes has to see as well. */}}
{{- define "actinf.thoseWhoSee" -}}
- {kind: ServiceAccount, name: active-inference-responder, namespace: {{ .Release.Namespace }}}
{{- range .Values.access.responders }}
- {kind: {{ .kind }}, name: {{ .name | quote }}, apiGroup: rbac.authorization.k8s.io}
{{- end }}
{{ include "actinf.thoseWhoChange" . }}
{{- end -}}

{{- define "actinf.thoseWhoChange" -}}
- {kind: ServiceAccount, name: active-inference-changer, namespace: {{ .Release.Namespace }}}
{{- range .Values.access.changers }}
- {kind: {{ .kind }}, name: {{ .name | quote }}, apiGroup: rbac.authorization.k8s.io}
{{- end }}
{{- end -}}

{{/* A rule by which a pod reaches the API of the cluster. */}}
{{- define "actinf.toKubernetes" -}}
- ports:
    {{- range .Values.network.kubernetesPorts }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with .Values.network.kubernetesAddresses }}
  to:
    {{- range . }}
    - ipBlock: {cidr: {{ . | quote }}}
    {{- end }}
  {{- end }}
{{- end -}}

{{/* Thousandths of a quantity, in the words of Kubernetes (500m, 512Mi), PostgreSQL (256MB) or Valkey (192mb). */}}
{{- define "actinf.thousandths" -}}
{{- $units := dict "" 1e3 "m" 1 "k" 1e6 "M" 1e9 "G" 1e12 "T" 1e15 "Ki" 1024e3 "Mi" 1048576e3 "Gi" 1073741824e3 "Ti" 1099511627776e3 "kB" 1024e3 "MB" 1048576e3 "GB" 1073741824e3 "kb" 1024e3 "mb" 1048576e3 "gb" 1073741824e3 -}}
{{- mulf (regexFind "^[0-9.]+" .) (get $units (regexFind "[a-zA-Z]*$" .)) | int64 -}}
{{- end -}}

{{- define "actinf.bytes" -}}
{{- div (include "actinf.thousandths" . | int64) 1000 -}}
{{- end -}}
