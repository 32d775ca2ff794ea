#!/usr/bin/env bash
# Put deploy/platform's local overlay on the cluster of kubectl's context, where there may be neither a registry to
# pull public images from nor a provisioner of volumes: `platform.sh up IMAGE [RCLONE POSTGRESQL [PROMETHEUS]] | down`.
#
# IMAGE: as `run.py image build steps` prints it; the others replace the public images. Without PROMETHEUS it is
# left out. Volumes are folders of the node, below SWITCHYARD_CLUSTER_VOLUMES (default /var/lib/switchyard-volumes).
# The overlay is copied to SWITCHYARD_CLUSTER_PLATFORM (default ./outputs/platform), its secrets are kept there.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
volumes=${SWITCHYARD_CLUSTER_VOLUMES:-/var/lib/switchyard-volumes}
copy=${SWITCHYARD_CLUSTER_PLATFORM:-$root/outputs/platform}

# volume NAME SIZE CLAIM: for one claim only, so that each server finds its own folder again.
volume() {
  mkdir -p "$volumes/$1"
  chmod 0777 "$volumes/$1"
  kubectl apply -f - <<EOF
apiVersion: v1
kind: PersistentVolume
metadata: {name: switchyard-$1, labels: {app.kubernetes.io/part-of: switchyard}}
spec:
  capacity: {storage: $2}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  claimRef: {namespace: switchyard, name: $3}
  local: {path: $volumes/$1}
  nodeAffinity:
    required:
      nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/os, operator: In, values: [linux]}]}]
EOF
}

replaced() { # replaced NAME IMAGE
  printf '  - {name: %s, newName: "%s", newTag: "%s"}\n' "$1" "${2%:*}" "${2##*:}"
}

up() {
  local image=$1 rclone=${2:-} postgresql=${3:-} prometheus=${4:-}
  mkdir -p "$copy"
  cp -R "$root/deploy/platform/." "$copy"
  "$copy/overlays/local/prepare.sh" "$image"
  mkdir -p "$copy/test"
  {
    printf 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../overlays/local]\nimages:\n'
    [ -z "$rclone" ] || replaced docker.io/rclone/rclone "$rclone"
    [ -z "$postgresql" ] || replaced docker.io/library/postgres "$postgresql"
    if [ -n "$prometheus" ]; then
      replaced docker.io/prom/prometheus "$prometheus"
    else
      printf 'replicas:\n  - {name: prometheus, count: 0}\n'
    fi
  } >"$copy/test/kustomization.yaml"
  if [ -z "$(kubectl get storageclass --output name)" ]; then
    volume zenml 2Gi zenml
    volume postgresql 5Gi data-postgresql-0
    volume object-store 20Gi data-object-store-0
    volume prometheus 10Gi data-prometheus-0
  fi
  # Servers need their namespace first: in one request the admission of pods would not know it yet.
  kubectl apply -f "$copy/base/namespaces.yaml"
  kubectl apply -k "$copy/test"
  for each in statefulset/postgresql statefulset/object-store deployment/zenml deployment/mlflow \
    deployment/evidently deployment/monitoring-metrics; do
    kubectl -n switchyard rollout status --timeout 300s "$each"
  done
}

down() {
  kubectl delete --ignore-not-found --wait namespace switchyard switchyard-serving
  kubectl delete --ignore-not-found persistentvolume -l app.kubernetes.io/part-of=switchyard
  rm -rf "$volumes" "$copy"
}

case ${1:-} in
  up) up "${@:2}" ;;
  down) down ;;
  *) sed -n '2,8p' "$0" >&2; exit 2 ;;
esac
