#!/usr/bin/env bash
# Write what is not in the repository: random secrets (those that are there stay), and the image of the servers.
# Usage: prepare.sh IMAGE, as `run.py image build steps` prints it
set -euo pipefail
cd "$(dirname "$0")"
umask 077

if [ $# -ne 1 ]; then
  echo "usage: $0 IMAGE, as 'uv run run.py image build steps' prints it" >&2
  exit 2
fi
image=$1
case $image in
  *@sha256:*) name=${image%@*} pin="digest: ${image##*@}" ;;
  *:*) name=${image%:*} pin="newTag: \"${image##*:}\"" ;;
  *) name='' pin='' ;;
esac
case $name:$pin in
  : | *newTag:*/*) echo "'$image' has neither a tag nor a digest" >&2; exit 2 ;;
esac

random() { head -c "$1" /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
keep() { if [ -e "prepared/$1" ]; then cat >/dev/null; else cat >"prepared/$1"; fi; }

mkdir -p prepared
keep storage.env <<EOF
AWS_ACCESS_KEY_ID=switchyard
AWS_SECRET_ACCESS_KEY=$(random 20)
AWS_ENDPOINT_URL_S3=http://object-store.switchyard.svc:9000
AWS_DEFAULT_REGION=us-east-1
AWS_REQUEST_CHECKSUM_CALCULATION=when_required
AWS_RESPONSE_CHECKSUM_VALIDATION=when_required
PGUSER=switchyard
PGPASSWORD=$(random 20)
EOF
keep zenml.env <<EOF
user=admin
password=$(random 12)
jwt-secret-key=$(random 32)
encryption-key=$(random 32)
EOF
keep mlflow.env <<EOF
password=$(random 20)
EOF
keep postgresql.env <<EOF
password=$(random 20)
EOF
cat >prepared/kustomization.yaml <<EOF
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
images:
  - name: switchyard/platform
    newName: $name
    $pin
# Names without a digest: pods of runs and services ask for them by these.
generatorOptions: {disableNameSuffixHash: true}
secretGenerator:
  - {name: switchyard-storage, namespace: switchyard, envs: [storage.env]}
  - {name: switchyard-storage, namespace: switchyard-serving, envs: [storage.env]}
  - {name: switchyard-zenml, namespace: switchyard, envs: [zenml.env]}
  - {name: switchyard-mlflow, namespace: switchyard, envs: [mlflow.env]}
  - {name: switchyard-postgresql, namespace: switchyard, envs: [postgresql.env]}
EOF
echo "prepared $(pwd)/prepared; next: kubectl apply -k $(pwd)"
