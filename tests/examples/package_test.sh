#!/usr/bin/env bash
# Does what is installed serve a user? Installs into a fresh prefix, builds consumers against it with find_package and
# pkg-config, in C89 and C++17, runs them, and configures a project that takes dtenv by add_subdirectory.
#   usage: package_test.sh SOURCE BUILD
set -euo pipefail
source=$(realpath "$1")
build=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
ok() { passed=$((passed + 1)); echo "ok   $1"; }

# Moved after it was installed: nothing in it may name where it was.
cmake --install "$build" --prefix "$work/first" >"$work/install.log"
mv "$work/first" "$work/prefix"
prefix=$work/prefix
library=$(dirname "$(find "$prefix" -name 'libdtenv.so.1' | head -n 1)")
! grep -rIl "$work/first" "$prefix" || { echo "FAIL an installed file names its prefix"; exit 1; }
ok "installs into a prefix that can be moved"

cat >"$work/environment.json" <<'JSON'
{"v": 1, "cluster": "package", "nodes": [{"name": "here", "local": true}], "steps": [{"kind": "driver_check"}]}
JSON
plan='Plan for package: nothing to change'

[[ $("$prefix/bin/dtenv" plan --quiet "$work/environment.json" | head -n 1) == "$plan" ]]
ok "the installed command finds its library"

export PKG_CONFIG_PATH=$library/pkgconfig
flags=$(pkg-config --cflags --libs dtenv)
pkg-config --static --libs dtenv | grep -q -- -lcurl
# shellcheck disable=SC2086  # flags are words
gcc -std=c89 -pedantic -Wall -Wextra -Werror "$source/examples/c/01_validate_and_plan.c" $flags -o "$work/c89"
# shellcheck disable=SC2086
g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror "$source/examples/cpp/01_validate_and_plan.cpp" $flags -o "$work/cpp17"
for program in c89 cpp17; do
  [[ $(LD_LIBRARY_PATH=$library "$work/$program" "$work/environment.json" | head -n 1) == "$plan" ]]
  ok "pkg-config serves $program"
done

mkdir "$work/consumer"
cat >"$work/consumer/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.16)
project(consumer LANGUAGES C CXX)
find_package(dtenv 1.0 REQUIRED)
add_executable(c89 "$source/examples/c/03_embed_in_poll_loop.c")
set_target_properties(c89 PROPERTIES C_STANDARD 90 C_EXTENSIONS ON)
add_executable(cpp17 "$source/examples/cpp/03_embed_in_poll_loop.cpp")
set_target_properties(cpp17 PROPERTIES CXX_STANDARD 17)
target_link_libraries(c89 PRIVATE dtenv::dtenv)
target_link_libraries(cpp17 PRIVATE dtenv::dtenv)
CMAKE
cmake -S "$work/consumer" -B "$work/consumer/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" >"$work/consumer.log"
cmake --build "$work/consumer/build" >>"$work/consumer.log"
for program in c89 cpp17; do
  [[ $("$work/consumer/build/$program" "$work/environment.json" | tail -n 1) == OK ]]
  ok "find_package serves $program"
done
sed -i 's/find_package(dtenv 1.0/find_package(dtenv 2.0/' "$work/consumer/CMakeLists.txt"
! cmake -S "$work/consumer" -B "$work/consumer/two" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" >"$work/two.log" 2>&1
ok "another major version is not taken"

mkdir "$work/parent"
cat >"$work/parent/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.25)
project(parent LANGUAGES C CXX)
add_subdirectory("$source" dtenv)
foreach(name dtenv_command dtenv_test_main)
  if(TARGET \${name})
    message(FATAL_ERROR "\${name} is built in somebody else's project")
  endif()
endforeach()
add_executable(user "$source/examples/c/01_validate_and_plan.c")
target_link_libraries(user PRIVATE dtenv::dtenv)
CMAKE
cmake -S "$work/parent" -B "$work/parent/build" -G Ninja >"$work/parent.log" 2>&1 || { tail -n 20 "$work/parent.log"; exit 1; }
ok "add_subdirectory gives the library and nothing else"
echo "$passed passed, 0 failed"
