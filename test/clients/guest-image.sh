# In the guest, as root: bunc where docs/INSTALL.md puts it, and a root file system for every client to import.
set -e
install -o root -g root -m 0755 /project/dist/bunc /usr/local/bin/bunc
root=/scratch/image
rm -rf $root
mkdir -p $root/bin $root/dev $root/etc $root/mnt $root/proc $root/root $root/sys $root/tmp
cp /bin/busybox $root/bin/busybox
for applet in $(busybox --list); do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
printf 'root:x:0:0:root:/root:/bin/sh\nguest:x:405:100:guest:/dev/null:/bin/sh\n' >$root/etc/passwd
printf 'root:x:0:\nusers:x:100:\n' >$root/etc/group
printf '#!/no/such/interpreter\n' >$root/bin/bad-interpreter
chmod 755 $root/bin/bad-interpreter
chmod 1777 $root/tmp
tar -C $root -cf /scratch/busybox.tar .
# What a host's own services would have done: rootless networks need the device and a resolver.
chmod 666 /dev/net/tun
test -s /etc/resolv.conf || echo nameserver 192.0.2.53 >/etc/resolv.conf
