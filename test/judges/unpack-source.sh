# Unpacks Debian's source package $1 into /usr/src/$1, with Debian's patches applied. In a tree with deb-src sources.
set -eu
cd /usr/src
# A mirror may lack the description of a source whose tarballs it has: apt verifies each by the archive's own index.
apt-get source --download-only "$1" || echo "some files of $1 were not fetched"
mkdir "$1"
tar --extract --strip-components=1 --directory="$1" --file="$(echo "$1"_*.orig.tar.*)"
tar --extract --directory="$1" --file="$(echo "$1"_*.debian.tar.*)"
cd "$1"
grep -v '^#' debian/patches/series | while read -r name; do
  patch --quiet --strip=1 --input="debian/patches/$name"
done
