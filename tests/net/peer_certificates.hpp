// A CA and certificates made for one test, in a folder that goes with it.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace switchyard::net::testing {

class scratch_certificates {
 public:
  scratch_certificates() {
    std::string pattern = (std::filesystem::temp_directory_path() / "switchyard-certificates-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~scratch_certificates() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  scratch_certificates(const scratch_certificates&) = delete;
  scratch_certificates& operator=(const scratch_certificates&) = delete;

  /// NAME.pem and NAME.key, signed by the CA's or, where `ca` is the name itself, by themselves. `dns` "": no name within.
  void make(const std::string& name, const std::string& ca, const std::string& dns, long valid_from = -60, long valid_for = 3600) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    EVP_PKEY* signer = name == ca ? key : read_key(ca);
    X509* issuer = name == ca ? nullptr : read_certificate(ca);
    X509* made = X509_new();
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(made), valid_from);
    X509_gmtime_adj(X509_getm_notAfter(made), valid_from + valid_for);
    X509_set_pubkey(made, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made, issuer != nullptr ? X509_get_subject_name(issuer) : X509_get_subject_name(made));
    if (name == ca) extend(made, NID_basic_constraints, "critical,CA:TRUE");
    if (!dns.empty()) extend(made, NID_subject_alt_name, ("DNS:" + dns).c_str());
    X509_sign(made, signer, EVP_sha256());
    FILE* out = std::fopen(path(name + ".pem").c_str(), "w");
    PEM_write_X509(out, made);
    std::fclose(out);
    out = std::fopen(path(name + ".key").c_str(), "w");
    PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
    if (signer != key) EVP_PKEY_free(signer);
    EVP_PKEY_free(key);
    X509_free(made);
    X509_free(issuer);
  }
  [[nodiscard]] std::string path(const std::string& file) const { return folder_ + "/" + file; }

 private:
  static void extend(X509* made, int what, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, value);
    X509_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);
  }
  EVP_PKEY* read_key(const std::string& name) const {
    FILE* in = std::fopen(path(name + ".key").c_str(), "r");
    EVP_PKEY* key = PEM_read_PrivateKey(in, nullptr, nullptr, nullptr);
    std::fclose(in);
    return key;
  }
  X509* read_certificate(const std::string& name) const {
    FILE* in = std::fopen(path(name + ".pem").c_str(), "r");
    X509* read = PEM_read_X509(in, nullptr, nullptr, nullptr);
    std::fclose(in);
    return read;
  }

  std::string folder_;
  long serial_ = 0;
};

}  // namespace switchyard::net::testing
