#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dtenv {

/// The user-space half of a driver: libnvidia-ml and libcuda, by the versions of their files.
struct DriverLibraries {
  std::vector<std::string> versions;  ///< each once, as they come
  std::string first;  ///< of the libnvidia-ml.so.1 the loader finds first; empty: not told
  std::string stub;   ///< a stub of the CUDA toolkit the loader would find first; empty: none
};

/// `text`: `ldconfig -p`, names of files, or rows "SONAME => PATH => FILE". `library_path`: what
/// sets LD_LIBRARY_PATH for everybody.
DriverLibraries parse_driver_libraries(std::string_view text, std::string_view library_path = {});

}  // namespace dtenv
