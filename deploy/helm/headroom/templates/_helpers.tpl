{{- define "headroom.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "headroom.fullname" -}}
{{- $name := include "headroom.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "headroom.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "headroom.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "headroom.image" -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}

{{- define "headroom.selector" -}}
app.kubernetes.io/name: {{ include "headroom.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: agent
{{- end -}}

{{- define "headroom.labels" -}}
{{ include "headroom.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end -}}

{{/* The mode as a word: an unquoted off in a values file arrives as false. */}}
{{- define "headroom.mode" -}}
{{- if kindIs "bool" .Values.mode -}}
off
{{- else -}}
{{- .Values.mode -}}
{{- end -}}
{{- end -}}

{{/* "true" where the pod has to be able to write, else empty. */}}
{{- define "headroom.writes" -}}
{{- $mode := include "headroom.mode" . -}}
{{- $rollout := (default (dict) .Values.config).rollout -}}
{{- if eq $mode "enforce" -}}
true
{{- else if and (eq $mode "observe") $rollout -}}
true
{{- end -}}
{{- end -}}

{{/* config.classes with the class `control` right after `step`. Wants (list classes controlNamespaces), gives JSON. */}}
{{- define "headroom.classes" -}}
{{- $control := dict "name" "control" "match" (list (dict "namespace" (index . 1))) -}}
{{- $_ := set $control "borrow" (dict "upTo" "2 cores" "visibility" "hidden") -}}
{{- $classes := list -}}
{{- $placed := false -}}
{{- range $class := index . 0 -}}
{{- if eq (toString $class.name) "control" -}}
{{- fail "controlNamespaces: config.classes has a class named control already; want one of the two" -}}
{{- end -}}
{{- $classes = append $classes $class -}}
{{- if eq (toString $class.name) "step" -}}
{{- $classes = append $classes $control -}}
{{- $placed = true -}}
{{- end -}}
{{- end -}}
{{- if not $placed -}}
{{- fail "controlNamespaces: config.classes has no class step to put the class control after; write control by hand" -}}
{{- end -}}
{{- toJson $classes -}}
{{- end -}}

{{/* The text of headroom.yaml. */}}
{{- define "headroom.config" -}}
{{- $config := deepCopy (default (dict) .Values.config) -}}
{{- if hasKey $config "mode" -}}
{{- fail "config.mode: set the value mode instead (--set mode=enforce): the pod's user, mounts and guard depend on it" -}}
{{- end -}}
{{- if hasKey $config "listen" -}}
{{- fail "config.listen: set the values metrics.address and metrics.port instead: probes and Service depend on them" -}}
{{- end -}}
{{- $_ := set $config "mode" (include "headroom.mode" .) -}}
{{- $_ := set $config "listen" (printf "%s:%d" .Values.metrics.address (int .Values.metrics.port)) -}}
{{- if .Values.controlNamespaces -}}
{{- $classes := include "headroom.classes" (list (default (list) $config.classes) .Values.controlNamespaces) -}}
{{- $_ := set $config "classes" (fromJsonArray $classes) -}}
{{- end -}}
{{- if ne .Values.kubelet.verify "cluster" -}}
{{- $sources := default (dict) $config.sources -}}
{{- if hasKey $sources "kubelet" -}}
{{- fail "kubelet.verify: config.sources.kubelet says how to verify as well; want one of the two" -}}
{{- end -}}
{{- if eq .Values.kubelet.verify "pin" -}}
{{- $_ := set $sources "kubelet" (dict "pin" "/host-kubelet/kubelet.crt") -}}
{{- else -}}
{{- $_ := set $sources "kubelet" (dict "insecure" true) -}}
{{- end -}}
{{- $_ := set $config "sources" $sources -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* Of the daemon and of the guard. */}}
{{- define "headroom.securityContext" -}}
allowPrivilegeEscalation: false
capabilities:
  drop:
    - ALL
privileged: false
readOnlyRootFilesystem: true
{{- if include "headroom.writes" . }}
runAsGroup: 0
runAsNonRoot: false
runAsUser: 0
{{- else }}
runAsGroup: 65534
runAsNonRoot: true
runAsUser: 65534
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- with .Values.seLinuxType }}
seLinuxOptions:
  type: {{ . }}
{{- end }}
{{- end -}}

{{- define "headroom.cgroupMounts" -}}
{{- $readOnly := not (include "headroom.writes" .) -}}
{{- if eq .Values.cgroups.version "v2" }}
- name: cgroup
  mountPath: /host-cgroup
  readOnly: {{ $readOnly }}
{{- else }}
{{- range $directory := .Values.cgroups.v1.writable }}
- name: cgroup-{{ $directory | replace "," "-" }}
  mountPath: /host-cgroup/{{ $directory }}
  readOnly: {{ $readOnly }}
{{- end }}
{{- range $directory := .Values.cgroups.v1.readable }}
- name: cgroup-{{ $directory | replace "," "-" }}
  mountPath: /host-cgroup/{{ $directory }}
  readOnly: true
{{- end }}
{{- end }}
{{- end -}}

{{- define "headroom.cgroupVolumes" -}}
{{- $root := .Values.cgroups.root -}}
{{- if eq .Values.cgroups.version "v2" }}
- name: cgroup
  hostPath:
    path: {{ $root }}
    type: Directory
{{- else }}
{{- range $directory := concat .Values.cgroups.v1.writable .Values.cgroups.v1.readable }}
- name: cgroup-{{ $directory | replace "," "-" }}
  hostPath:
    path: {{ $root }}/{{ $directory }}
    type: Directory
{{- end }}
{{- end }}
{{- end -}}

{{- define "headroom.guard" -}}
name: guard
image: {{ include "headroom.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
command:
  - /usr/local/bin/headroom-guard
args:
  - --run-dir
  - /run/headroom
{{- if .Values.guard.native }}
restartPolicy: Always
{{- end }}
resources:
  {{- toYaml .Values.guard.resources | nindent 2 }}
securityContext:
  {{- include "headroom.securityContext" . | nindent 2 }}
volumeMounts:
  - name: run
    mountPath: /run/headroom
  {{- include "headroom.cgroupMounts" . | trim | nindent 2 }}
{{- end -}}

{{/* kubernetes.io/os=linux,pool=wf: every node of this DaemonSet has these labels. */}}
{{- define "headroom.nodeLabels" -}}
{{- $labels := list -}}
{{- range $key, $value := .Values.nodeSelector -}}
{{- $labels = append $labels (printf "%s=%s" $key $value) -}}
{{- end -}}
{{- join "," $labels -}}
{{- end -}}
