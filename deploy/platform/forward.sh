#!/usr/bin/env bash
# Bring the servers to this machine until Ctrl-C, each at the port that it has in the cluster, on a loopback address
# of their own, so that nothing else is in the way. With this line in /etc/hosts (macOS: and `sudo ifconfig lo0 alias
# 127.0.0.2`) their names mean the same here and in pods, which is what stacks need:
#   127.0.0.2 zenml.switchyard.svc mlflow.switchyard.svc object-store.switchyard.svc postgresql.switchyard.svc
# Usage: forward.sh [kubectl's options, as --context kind-switchyard]
set -euo pipefail
address=${FORWARD_ADDRESS:-127.0.0.2}

trap 'kill $(jobs -p) 2>/dev/null; exit 0' INT TERM

forward() {
  trap 'kill "$child" 2>/dev/null; exit 0' TERM
  while :; do # a forwarding ends with its pod, at the first request after that
    kubectl "${@:3}" -n switchyard port-forward --address "$address" "service/$1" "$2:$2" >/dev/null &
    child=$!
    if ! wait "$child"; then sleep 1; fi
  done
}

for each in zenml:8080 mlflow:5000 evidently:8000 prometheus:9090 object-store:9000 postgresql:5432; do
  if ! kubectl "$@" -n switchyard get service "${each%:*}" >/dev/null 2>&1; then
    echo "${each%:*} is not in this cluster"
    continue
  fi
  echo "http://${each%:*}.switchyard.svc:${each#*:}"
  forward "${each%:*}" "${each#*:}" "$@" &
done
wait
