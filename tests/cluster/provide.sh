#!/usr/bin/env bash
# Give a cluster of packages what docs/kubernetes.md takes for granted: volumes for the claims of deploy/platform, and
# the public images of its local overlay, which others stand for: `provide.sh RCLONE POSTGRESQL`.
#
# Volumes are folders of the node, below SWITCHYARD_CLUSTER_VOLUMES (default /var/lib/switchyard-volumes).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
overlay=$here/../../deploy/platform/overlays/local/kustomization.yaml
volumes=${SWITCHYARD_CLUSTER_VOLUMES:-/var/lib/switchyard-volumes}

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

# The public image of that name, as the overlay pins it.
pinned() {
  local digest
  digest=$(sed -n "\|newName: $1\$|{n;s/.*digest: \([^ ]*\).*/\1/p}" "$overlay")
  if [ -z "$digest" ]; then
    printf '%s pins no image %s\n' "$overlay" "$1" >&2
    return 1
  fi
  printf '%s@%s' "$1" "$digest"
}

if [ $# -ne 2 ]; then
  printf 'usage: provide.sh RCLONE POSTGRESQL, as images/servers.sh prints them\n' >&2
  exit 2
fi
"$here/cluster.sh" image "$1" "$(pinned docker.io/rclone/rclone)"
"$here/cluster.sh" image "$2" "$(pinned docker.io/library/postgres)"
volume zenml 2Gi zenml
volume postgresql 5Gi data-postgresql-0
volume object-store 20Gi data-object-store-0
volume prometheus 10Gi data-prometheus-0
