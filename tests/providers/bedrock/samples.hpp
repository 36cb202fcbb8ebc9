// What the tests of this folder share: recorded files and streams of Bedrock.
#pragma once

#include "tests/providers/samples.hpp"

namespace switchyard::providers::test::inline bedrock {

/// A file below tests/golden/bedrock/.
[[nodiscard]] inline std::string bedrock_golden(const std::string& name) {
  std::ifstream in(std::string(SWITCHYARD_SOURCE_DIR) + "/tests/golden/bedrock/" + name, std::ios::binary);
  BOOST_REQUIRE_MESSAGE(in, "cannot read " << name);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace switchyard::providers::test::bedrock
