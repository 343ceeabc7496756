#!/usr/bin/env bash
# Makes bindings/swift/lib/KabaoCoreFFI.xcframework: the library as dynamic frameworks for iPhone, its simulator and the Mac.
#
# Not run here. Needs a Mac with Xcode 16 or newer (xcodebuild, lipo, install_name_tool, nm) and rustup with the targets
#   aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios aarch64-apple-darwin x86_64-apple-darwin
#
# Dynamic, because a static library would put its SQLite in one name space with the app's: iOS apps often have one of their own.
# The frameworks export the scaffolding's functions and nothing else; the last step looks.
set -euo pipefail

[ "$(uname)" = Darwin ] || { echo "not run: needs a Mac with Xcode"; exit 77; }
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
out=$root/target/xcframework
rm -rf "$out"
mkdir -p "$out"

cargo xtask bindings swift
headers=bindings/swift/Sources/KabaoCoreFFIGenerated

# Everything that the scaffolding exports begins so; the rest of the library stays inside.
printf '%s\n' '_ffi_kabao_*' '_uniffi_kabao_*' > "$out/exported"
export RUSTFLAGS="-C link-arg=-Wl,-exported_symbols_list,$out/exported -C link-arg=-Wl,-install_name,@rpath/KabaoCoreFFI.framework/KabaoCoreFFI"
export IPHONEOS_DEPLOYMENT_TARGET=17.0 MACOSX_DEPLOYMENT_TARGET=14.0

build() { cargo build --release --package kabao-ffi --target "$1"; }

framework() { # NAME LIBRARY...
  local folder="$out/$1/KabaoCoreFFI.framework"
  shift
  mkdir -p "$folder/Headers" "$folder/Modules"
  lipo -create "$@" -output "$folder/KabaoCoreFFI"
  cp "$headers"/*.h "$folder/Headers/"
  {
    echo 'framework module KabaoCoreFFI {'
    for header in "$headers"/*.h; do echo "    header \"$(basename "$header")\""; done
    echo '    export *'
    echo '}'
  } > "$folder/Modules/module.modulemap"
  cat > "$folder/Info.plist" <<'PLIST'
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>CFBundleExecutable</key><string>KabaoCoreFFI</string>
<key>CFBundleIdentifier</key><string>app.kabao.core</string>
<key>CFBundleName</key><string>KabaoCoreFFI</string>
<key>CFBundlePackageType</key><string>FMWK</string>
<key>CFBundleShortVersionString</key><string>0.1.0</string>
<key>CFBundleVersion</key><string>1</string>
<key>MinimumOSVersion</key><string>17.0</string>
</dict></plist>
PLIST
}

for target in aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios aarch64-apple-darwin x86_64-apple-darwin; do build "$target"; done
library() { echo "target/$1/release/libkabao_ffi.dylib"; }
framework phone "$(library aarch64-apple-ios)"
framework simulator "$(library aarch64-apple-ios-sim)" "$(library x86_64-apple-ios)"
framework mac "$(library aarch64-apple-darwin)" "$(library x86_64-apple-darwin)"

to=bindings/swift/lib/KabaoCoreFFI.xcframework
rm -rf "$to"
mkdir -p bindings/swift/lib
xcodebuild -create-xcframework -output "$to" \
  -framework "$out/phone/KabaoCoreFFI.framework" \
  -framework "$out/simulator/KabaoCoreFFI.framework" \
  -framework "$out/mac/KabaoCoreFFI.framework"

strange=$(nm -gU "$out/phone/KabaoCoreFFI.framework/KabaoCoreFFI" | awk '{print $NF}' | grep -vE '^_(ffi|uniffi)_kabao_' || true)
[ -z "$strange" ] || { echo "exported, and should not be:"; echo "$strange"; exit 1; }
echo "$to"
