// How often a test that draws its inputs goes round.
#pragma once

namespace switchyard::test {

/// `usual` as released, a tenth under a sanitizer: a round takes ten to fifty times as long there, and shows it the same code.
constexpr int rounds(int usual) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return usual / 10;
#else
  return usual;
#endif
}

}  // namespace switchyard::test
