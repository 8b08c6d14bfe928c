#include "base/digest.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <stdexcept>

#include "base/text.hpp"

namespace dtenv {

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  &EVP_MD_CTX_free};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("OpenSSL has no SHA-256");
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size());
}

std::string Sha256::finish() {
  std::string raw(32, '\0');
  unsigned length = 0;
  EVP_DigestFinal_ex(state_->context.get(), reinterpret_cast<unsigned char*>(raw.data()), &length);
  return hex(raw);
}

namespace {

std::string digest(std::string_view bytes, const EVP_MD* kind) {
  std::string raw(EVP_MAX_MD_SIZE, '\0');
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(raw.data()), &length,
                 kind, nullptr) != 1)
    throw std::runtime_error("OpenSSL cannot hash");
  raw.resize(length);
  return raw;
}

}  // namespace

std::string sha256_raw(std::string_view bytes) {
  return digest(bytes, EVP_sha256());
}
std::string sha256(std::string_view bytes) {
  return hex(sha256_raw(bytes));
}
std::string sha1_raw(std::string_view bytes) {
  return digest(bytes, EVP_sha1());
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1)
    throw std::runtime_error("the system's random generator gave nothing");
  return bytes;
}

}  // namespace dtenv
