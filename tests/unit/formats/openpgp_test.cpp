#include "formats/openpgp.hpp"

#include "base/text.hpp"
#include "doctest/doctest.h"

using namespace dtenv;

namespace {

// A throwaway Ed25519 key made for this test with gpg 2.2, which gives the fingerprint below.
constexpr std::string_view key =
    "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
    "\n"
    "mDMEawTKShYJKwYBBAHaRw8BAQdAgtsy+WER+bqk1Vhn16K+sUAEvT+Vvc/icl+t\n"
    "HcO/ltO0HWR0ZW52IHRlc3QgPHRlc3RAZXhhbXBsZS5jb20+iJAEExYIADgWIQT9\n"
    "5V90mMOpx9qLkby2nyM4XgD+ngUCawTKSgIbAwULCQgHAgYVCgkICwIEFgIDAQIe\n"
    "AQIXgAAKCRC2nyM4XgD+nh4rAQD/G8XYi2WyfrK7bTur1yPtNpxbYUlqfHSpzoEY\n"
    "nesGoQD/cZeWMh4c50336iwdyZcGopaDfiH7sD3kwtxvzYwLbQs=\n"
    "=cxTk\n"
    "-----END PGP PUBLIC KEY BLOCK-----\n";
constexpr std::string_view fingerprint = "FDE55F7498C3A9C7DA8B91BCB69F23385E00FE9E";

}  // namespace

TEST_SUITE("OpenPGP keys") {
  TEST_CASE("an armoured key has the fingerprint that gpg shows") {
    const auto found = openpgp_fingerprints(key);
    REQUIRE(found.has_value());
    CHECK(*found == std::vector<std::string>{std::string(fingerprint)});
  }

  TEST_CASE("the binary form is the same key, and two keys in a file are two") {
    const auto binary = openpgp_dearmor(key);
    REQUIRE(binary.has_value());
    CHECK(openpgp_fingerprints(*binary)->size() == 1);
    CHECK(openpgp_fingerprints(*binary + *binary)->size() == 2);
  }

  TEST_CASE("a changed byte does not pass the armour's checksum") {
    std::string changed(key);
    const auto at = changed.find("\n\n") + 10;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    CHECK_FALSE(openpgp_fingerprints(changed).has_value());
  }

  TEST_CASE("what is no key is an error") {
    CHECK_FALSE(openpgp_fingerprints("").has_value());
    CHECK_FALSE(openpgp_fingerprints("<html>not found</html>").has_value());
    const auto binary = openpgp_dearmor(key).value();
    CHECK_FALSE(openpgp_fingerprints(binary.substr(0, 20)).has_value());
    CHECK_FALSE(openpgp_fingerprints(std::string(key.substr(0, 200))).has_value());
  }
}
