#!/usr/bin/env bash
# Make the two images of deploy/platform that are public ones elsewhere, and push them to the local registry; prints
# their names, as provide.sh takes them. Needs base.sh's image.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
registry=127.0.0.1:5000
# Without it a registry hides what is not of Docker's own kind.
oci=application/vnd.oci.image.manifest.v1+json
# One on another is quick; without overlays in the kernel every layer is a copy.
driver=overlay
buildah --storage-driver $driver info >/dev/null 2>&1 || driver=vfs
for name in object-store postgresql; do
  # The name is of what it is made from, so that a changed recipe is a new image.
  reference=$registry/test/$name:$(cat "$here/base.sh" "$here/$name"/* | sha256sum | cut -c1-16)
  if ! curl -sf -o /dev/null -H "Accept: $oci" "http://$registry/v2/test/$name/manifests/${reference##*:}"; then
    buildah --storage-driver $driver bud --quiet --layers --tls-verify=false --isolation chroot --network host \
      --build-arg BASE=$registry/python:3.11-slim --tag "$reference" "$here/$name" >&2
    buildah --storage-driver $driver push --quiet --tls-verify=false "$reference" >&2
  fi
  printf '%s\n' "$reference"
done
