# The image of a bare machine: systemd, sshd and apt, no Docker, no host keys. Made of the packages
# of this machine's own distribution, without any registry; kept in the engine under a tag that
# names what it was made of.
# shellcheck shell=bash

MACHINE_PACKAGES=systemd,systemd-sysv,dbus,openssh-server,iproute2,iptables,ca-certificates,procps

machine_image() {
  local recipe
  recipe=$(cat "${BASH_SOURCE[0]}"; distribution_sources; host_apt_options; date +%G-%V)
  printf 'dtenv-machine:%s' "$(sha256sum <<<"$recipe" | cut -c1-12)"
}

# Makes the image if the engine has none of its tag, and gives the tag in MACHINE_IMAGE.
machine_image_up() {
  update_package_lists
  MACHINE_IMAGE=$(machine_image)
  if docker image inspect "$MACHINE_IMAGE" >/dev/null 2>&1; then
    say "machine image $MACHINE_IMAGE is there"
    return
  fi
  need debootstrap
  local tree
  tree=$(mktemp -d "$(debootstrap_folder)/dtenv-machine.XXXXXX")
  MACHINE_TREE=$tree
  say "making the machine image $MACHINE_IMAGE from $(distribution_name)'s packages (a minute or two)"
  logged machine-image make_machine_tree "$tree" || die "the machine image: see above"
  tar -C "$tree" --one-file-system -c . | docker import --change 'CMD ["/sbin/machine-init"]' \
    - "$MACHINE_IMAGE" >/dev/null ||
    die "docker import of $tree"
  machine_tree_down
  docker images --format '{{.Repository}}:{{.Tag}}' dtenv-machine | grep -vxF "$MACHINE_IMAGE" |
    xargs -r docker rmi >/dev/null 2>&1 || true  # older ones; one in use stays
}

machine_tree_down() {
  [ -z "${MACHINE_TREE:-}" ] || rm -rf --one-file-system "$MACHINE_TREE"
  MACHINE_TREE=
}

# debootstrap makes device nodes: not every filesystem takes them.
debootstrap_folder() {
  local folder
  for folder in /var/tmp /var/lib/docker "$DTENV_CLUSTER_FOLDER"; do
    if findmnt -n -o OPTIONS -T "$folder" 2>/dev/null | grep -qvE '(^|,)(nodev|noexec)(,|$)'; then
      printf '%s' "$folder"
      return
    fi
  done
  printf '/var/tmp'
}

distribution_name() { (. /etc/os-release && printf '%s' "$PRETTY_NAME"); }
distribution_suite() { (. /etc/os-release && printf '%s' "$VERSION_CODENAME"); }

# The lines of sources.list for the packages this machine itself is made of, as its apt knows them:
# the machines read the same mirrors as we do.
distribution_sources() {
  local suite
  suite=$(distribution_suite)
  apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    sort -u | awk -v suite="$suite" '
      $2 == suite || $2 == suite "-updates" || $2 == suite "-security" {
        components[$1 " " $2] = components[$1 " " $2] " " $3
      }
      END { for (source in components) print "deb " source components[source] }' | sort
}

# Proxies and the like: what apt needs here, it needs there.
host_apt_options() {
  apt-config dump | grep -E '^Acquire::(http|https|Check-Valid-Until|Check-Date|Retries)[ :]' || true
}

make_machine_tree() {
  local tree=$1 suite mirror components
  suite=$(distribution_suite)
  read -r _ mirror _ components < <(distribution_sources | awk -v s="$suite" '$3 == s' | head -n 1) || true
  [ -n "$mirror" ] || { echo "apt knows no mirror for $suite"; return 1; }
  debootstrap --variant=minbase --components="${components// /,}" --include="$MACHINE_PACKAGES" \
    "$suite" "$tree" "$mirror" || { tail -n 20 "$tree/debootstrap/debootstrap.log"; return 1; }

  distribution_sources >"$tree/etc/apt/sources.list"
  host_apt_options >"$tree/etc/apt/apt.conf.d/90host"
  if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
    cp /usr/local/share/ca-certificates/*.crt "$tree/usr/local/share/ca-certificates/"
    chroot "$tree" update-ca-certificates
  fi
  write_machine_files "$tree"
  rm -f "$tree"/etc/ssh/ssh_host_* "$tree"/var/cache/apt/archives/*.deb
  rm -rf "$tree"/var/lib/apt/lists/* "$tree/debootstrap"
  : >"$tree/etc/machine-id"
}

# Its own host keys at its first start; units that need hardware are off; with cgroup v2 its part
# of the tree made writable, which only Docker's --privileged would do.
write_machine_files() {
  local tree=$1 unit
  cat >"$tree/sbin/machine-init" <<'INIT'
#!/bin/sh
[ ! -f /sys/fs/cgroup/cgroup.controllers ] || mount -o remount,rw /sys/fs/cgroup
[ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
exec /sbin/init
INIT
  chmod 755 "$tree/sbin/machine-init"
  for unit in systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket \
    systemd-logind.service getty.target console-getty.service systemd-modules-load.service \
    apt-daily.timer apt-daily-upgrade.timer; do
    ln -sf /dev/null "$tree/etc/systemd/system/$unit"
  done
  mkdir -p "$tree/etc/ssh/sshd_config.d"
  printf 'PermitRootLogin prohibit-password\nPasswordAuthentication no\nUseDNS no\n' \
    >"$tree/etc/ssh/sshd_config.d/machine.conf"
}
