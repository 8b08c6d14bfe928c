#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace dtenv {

/// SHA-256 over OpenSSL, in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::string_view bytes);
  /// 64 lower-case hex digits; the object takes no more bytes after it.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// 64 lower-case hex digits.
std::string sha256(std::string_view bytes);
/// The raw 32 bytes.
std::string sha256_raw(std::string_view bytes);
/// The raw 20 bytes: for OpenPGP v4 fingerprints alone.
std::string sha1_raw(std::string_view bytes);
/// `count` bytes from the system's generator.
std::string random_bytes(std::size_t count);

}  // namespace dtenv
