#!/usr/bin/env bash
# Make what stands for python:3.11-slim where public images cannot be pulled, from Debian's packages,
# and push it to the local registry: `base.sh FOLDER`, which is kept for the next time.
#
# It trusts what this machine trusts: its certificates are taken along.
set -euo pipefail
folder=$(realpath -m "${1:?a folder for the root file system}")
reference=127.0.0.1:5000/python:3.11-slim
# Without it a registry hides what is not of Docker's own kind.
oci=application/vnd.oci.image.manifest.v1+json
if curl -sf -o /dev/null -H "Accept: $oci" http://127.0.0.1:5000/v2/python/manifests/3.11-slim; then exit; fi

if [ ! -f "$folder/complete" ]; then
  rm -rf "$folder"
  mkdir -p "$folder"
  debootstrap --variant=minbase --include=ca-certificates,python3.11,python3.11-venv,python3-pip \
    bookworm "$folder/root" >"$folder/debootstrap.log"
  ln -sf python3.11 "$folder/root/usr/bin/python3"
  ln -sf python3.11 "$folder/root/usr/bin/python"
  cp /etc/ssl/certs/ca-certificates.crt "$folder/root/etc/ssl/certs/"
  rm -rf "$folder"/root/var/lib/apt/lists/* "$folder"/root/var/cache/apt/* \
    "$folder"/root/usr/share/{doc,locale,man}/*
  touch "$folder/complete"
fi

store=(buildah --storage-driver vfs)
bundle=/etc/ssl/certs/ca-certificates.crt
container=$("${store[@]}" from scratch)
"${store[@]}" add --quiet "$container" "$folder/root" / >/dev/null
"${store[@]}" config --cmd '["python3"]' --env LANG=C.UTF-8 --env UV_PYTHON_DOWNLOADS=never \
  --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  --env SSL_CERT_FILE=$bundle --env PIP_CERT=$bundle --env REQUESTS_CA_BUNDLE=$bundle \
  --env PIP_BREAK_SYSTEM_PACKAGES=1 "$container"
"${store[@]}" commit --quiet --rm "$container" $reference >/dev/null
"${store[@]}" push --quiet --tls-verify=false $reference
"${store[@]}" rmi $reference >/dev/null
