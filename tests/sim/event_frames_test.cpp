// Vectors: CRC-32's check value, the AWS event stream test suite (empty message, one header), a frame that Bedrock sent.
#include "tools/sim/event_frames.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(event_frames)

namespace sy = switchyard::sim;

namespace {

std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_crc_is_that_of_ieee_802_3) {
  BOOST_TEST(sy::crc32("123456789") == 0xCBF43926u);
  BOOST_TEST(sy::crc32("") == 0u);
}

BOOST_AUTO_TEST_CASE(preludes_are_awss_own) {
  const std::string empty = sy::frame_prelude(16, 0);
  BOOST_TEST(hex(empty) == "000000100000000005c248eb");
  BOOST_TEST(sy::crc32(empty) == 0x7d98c8ffu);
  std::string one = sy::frame_prelude(0x3d, 0x20);
  BOOST_TEST(hex(one) == "0000003d0000002007fd8396");
  one.append("\x0c" "content-type\x07").append("\0\x10", 2).append("application/json{'foo':'bar'}");
  BOOST_TEST(sy::crc32(one) == 0x8d9c08b1u);
}

BOOST_AUTO_TEST_CASE(an_event_is_byte_for_byte_what_bedrock_sends) {
  BOOST_TEST(hex(sy::event_frame("messageStart", R"({"p":"abcdefghijklmnopqrs","role":"assistant"})")) ==
             "00000090000000523141c8a10b3a6576656e742d7479706507000c6d65737361676553746172740d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e"
             "0d3a6d6573736167652d747970650700056576656e747b2270223a226162636465666768696a6b6c6d6e6f70717273222c22726f6c65223a22617373697374616e74227d1176eab0");
}

BOOST_AUTO_TEST_CASE(an_exception_says_so_in_its_headers) {
  const std::string frame = sy::exception_frame("throttlingException", R"({"message":"x"})");
  BOOST_TEST(frame.find(std::string(":exception-type\x07\0\x13throttlingException", 37)) != std::string::npos);
  BOOST_TEST(frame.find(std::string(":message-type\x07\0\x09" "exception", 25)) != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
