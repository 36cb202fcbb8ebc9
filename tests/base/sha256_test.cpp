#include "base/sha256.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(sha256_of)

using namespace switchyard;

namespace {
std::string hex(const sha256_digest& digest) {
  std::string out;
  for (const auto byte : digest) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}
}  // namespace

// FIPS 180-4, examples of NIST's Cryptographic Standards page.
BOOST_AUTO_TEST_CASE(the_standards_examples) {
  BOOST_TEST(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_TEST(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

BOOST_AUTO_TEST_CASE(digests_are_equal_only_as_a_whole) {
  const auto a = sha256("sy-one");
  auto b = a;
  BOOST_TEST(equal_in_constant_time(a, b));
  b.back() ^= 1;
  BOOST_TEST(!equal_in_constant_time(a, b));
}

BOOST_AUTO_TEST_SUITE_END()
