#!/usr/bin/env bash
# Certificates and kubeconfigs of a cluster: `pki.sh FOLDER ADDRESS SERVICE_ADDRESS NODE`.
set -euo pipefail
folder=$1 address=$2 service_address=$3 node=$4
mkdir -p "$folder"
cd "$folder"
umask 077

openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 365 -subj /CN=switchyard-test \
  2>/dev/null
openssl genrsa -out sa.key 2048 2>/dev/null
openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null

# issue NAME SUBJECT [NAMES]: a key and a certificate for both ends of a connection.
issue() {
  openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" 2>/dev/null
  {
    printf 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature,keyEncipherment\n'
    printf 'extendedKeyUsage=clientAuth,serverAuth\n'
    if [ $# -gt 2 ]; then printf 'subjectAltName=%s\n' "$3"; fi
  } >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 \
    -extfile "$1.ext" -out "$1.crt" 2>/dev/null
}

names="IP:127.0.0.1,IP:$address,IP:$service_address,DNS:localhost,DNS:kubernetes"
names+=",DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
issue apiserver /CN=kube-apiserver "$names"
issue apiserver-kubelet /O=system:masters/CN=kube-apiserver-kubelet-client
issue front-proxy /CN=front-proxy-client
issue admin /O=system:masters/CN=admin
issue controller-manager /CN=system:kube-controller-manager
issue scheduler /CN=system:kube-scheduler
issue proxy /CN=system:kube-proxy
issue kubelet "/O=system:nodes/CN=system:node:$node" "IP:$address,DNS:$node"

for user in admin controller-manager scheduler proxy kubelet; do
  config=(kubectl config --kubeconfig="$user.kubeconfig")
  "${config[@]}" set-cluster switchyard-test --server="https://$address:6443" \
    --certificate-authority=ca.crt --embed-certs=true
  "${config[@]}" set-credentials "$user" --client-certificate="$user.crt" --client-key="$user.key" \
    --embed-certs=true
  "${config[@]}" set-context switchyard-test --cluster=switchyard-test --user="$user"
  "${config[@]}" use-context switchyard-test
done >/dev/null
