#pragma once

#include <stdexcept>
#include <string>

namespace command {

/// A file of the command line cannot be read or written; carries the exit code.
struct FileError : std::runtime_error {
  FileError(const std::string& message, int code) : std::runtime_error(message), exit_code(code) {}
  int exit_code;
};

/// The whole file; `-` is stdin. Throws FileError.
std::string read_input(const std::string& path);

/// Writes beside the file, then renames: a reader sees the old or the new one. Throws FileError.
void write_file(const std::string& path, const std::string& text);

/// `@FILE` or `fd:NUMBER`, without the newline at the end. Throws FileError.
std::string read_secret(const std::string& source);

}  // namespace command
