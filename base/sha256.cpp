#include "base/sha256.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>

namespace switchyard {

namespace {

// OpenSSL 3 looks an algorithm up by name at every one-shot call, which costs more than hashing a credential: looked up once.
const EVP_MD* algorithm() noexcept {
  static EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return fetched != nullptr ? fetched : EVP_sha256();
}

struct context_free {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

}  // namespace

sha256_digest sha256(std::string_view bytes) noexcept {
  thread_local const std::unique_ptr<EVP_MD_CTX, context_free> context(EVP_MD_CTX_new());
  sha256_digest out{};
  unsigned length = 0;
  EVP_DigestInit_ex2(context.get(), algorithm(), nullptr);
  EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
  EVP_DigestFinal_ex(context.get(), out.data(), &length);
  return out;
}

bool equal_in_constant_time(const sha256_digest& a, const sha256_digest& b) noexcept { return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

}  // namespace switchyard
