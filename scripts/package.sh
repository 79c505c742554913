#!/usr/bin/env bash
# Builds the program for handing out, and a Debian package of it, into target/package.
#
# As static as this platform sensibly allows: SQLCipher, OpenSSL and all else are inside; what is left is the C library and
# the compiler's own, which every machine has. `ldd` of the result is printed and must name nothing else.
#
#   scripts/package.sh            the archive, and the .deb where dpkg-deb is there
#   TARGET=x86_64-unknown-linux-musl scripts/package.sh     nothing left at all, where that toolchain is installed
set -euo pipefail
cd "$(dirname "$0")/.."

version="$(cargo metadata --no-deps --format-version 1 --locked | sed -n 's/.*"name":"caseload","version":"\([^"]*\)".*/\1/p')"
target="${TARGET:-}"
out="target/package"
rm -rf "$out"
mkdir -p "$out"

cargo build --release --locked ${target:+--target "$target"}
binary="target/${target:+$target/}release/caseload"
if command -v strip >/dev/null; then
  cp "$binary" "$out/caseload"
  strip "$out/caseload"
else
  cp "$binary" "$out/caseload"
fi
"$out/caseload" --version
if command -v ldd >/dev/null && libraries="$(ldd "$out/caseload" 2>/dev/null)"; then
  echo "$libraries"
  if echo "$libraries" | grep -Ev 'linux-vdso|ld-linux|ld-musl|libc\.so|libgcc_s\.so|libm\.so|libdl\.so|libpthread\.so|librt\.so|statically linked' | grep -q .; then
    echo "package.sh: a library is needed that a fresh machine may lack (see above)" >&2
    exit 1
  fi
fi

# Completions and the manual page come from the program itself.
tree="$out/tree"
install -Dm755 "$out/caseload" "$tree/usr/bin/caseload"
install -d "$tree/usr/share/man/man1" "$tree/usr/share/doc/caseload"
"$out/caseload" man | gzip -9n > "$tree/usr/share/man/man1/caseload.1.gz"
install -d "$tree/usr/share/bash-completion/completions" "$tree/usr/share/zsh/vendor-completions" "$tree/usr/share/fish/vendor_completions.d"
"$out/caseload" completions bash > "$tree/usr/share/bash-completion/completions/caseload"
"$out/caseload" completions zsh > "$tree/usr/share/zsh/vendor-completions/_caseload"
"$out/caseload" completions fish > "$tree/usr/share/fish/vendor_completions.d/caseload.fish"
cp -r README.md docs "$tree/usr/share/doc/caseload/"
cat LICENSE-MIT LICENSE-APACHE > "$tree/usr/share/doc/caseload/copyright"
tar -C "$tree" -czf "$out/caseload-$version-$(uname -m).tar.gz" usr

if command -v dpkg-deb >/dev/null; then
  architecture="$(dpkg --print-architecture)"
  libc="$(ldd --version 2>/dev/null | sed -n '1s/.* //p')"
  install -d "$tree/DEBIAN"
  cat > "$tree/DEBIAN/control" <<CONTROL
Package: caseload
Version: $version
Architecture: $architecture
Maintainer: caseload maintainers <maintainers@caseload.invalid>
Section: misc
Priority: optional
Depends: libc6 (>= ${libc:-2.31}), libgcc-s1
Installed-Size: $(du -sk "$tree/usr" | cut -f1)
Description: a field case manager's whole caseload in the terminal
 Who needs you today and why, one key to act on it, and a record that stands
 up in an audit. Everything is in one encrypted file; it works without a
 network.
CONTROL
  dpkg-deb --root-owner-group --build "$tree" "$out/caseload_${version}_$architecture.deb"
fi
rm -rf "$tree"
ls -l "$out"
