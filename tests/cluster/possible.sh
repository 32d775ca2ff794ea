#!/usr/bin/env bash
# Whether this machine can have such a cluster: says why not and ends with 3, else says nothing.
# It wants the packages that .ci/cluster installs.
set -euo pipefail
least_memory_mb=6000
least_disk_mb=20000
folder=
bridge=swyprobe$$
group=switchyard-probe-$$

no() {
  printf '%s\n' "$1"
  exit 3
}
tidy() {
  [ -n "$folder" ] || return 0
  if mountpoint -q "$folder/merged"; then umount "$folder/merged"; fi
  rm -rf "$folder"
}
trap tidy EXIT

[ "$(id -u)" = 0 ] || no 'it takes root'
unshare --net --mount --pid --fork true 2>/dev/null || no 'it may make no namespaces'
iptables -w -t nat -L -n >/dev/null 2>&1 || no 'it may set no rules of the network'
ip link add "$bridge" type bridge 2>/dev/null || no 'it may make no bridge'
ip link del "$bridge"

groups=/sys/fs/cgroup
[ ! -d $groups/memory ] || groups=/sys/fs/cgroup/memory
mkdir "$groups/$group" 2>/dev/null || no "$groups cannot be written"
rmdir "$groups/$group"

folder=$(mktemp -d -p /var/lib)
mkdir "$folder"/{lower,upper,work,merged}
mount -t overlay overlay "$folder/merged" \
  -o "lowerdir=$folder/lower,upperdir=$folder/upper,workdir=$folder/work" 2>/dev/null ||
  no '/var/lib is no place for layers of images'

memory=$(awk '/^MemAvailable:/ {print int($2 / 1024)}' /proc/meminfo)
[ "$memory" -ge $least_memory_mb ] || no "$memory MB of memory are free, it takes $least_memory_mb"
disk=$(df --output=avail -m /var/lib | tail -1)
[ "$disk" -ge $least_disk_mb ] || no "$disk MB of /var/lib are free, it takes $least_disk_mb"
