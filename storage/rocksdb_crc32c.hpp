// RocksDB's checksum by the processor's own instruction. Debian builds the library for the oldest x86-64, without it: at 0.8 ns a byte each, twice for what is
// written, checksums were the dearest part of a ledger row. These are the three functions of the library's util/crc32c.cc, by its names; linked ahead of the archive,
// so that its own object file is not taken. Should the library one day want more of that file, the link fails with doubled symbols, and this goes.
// On other processors the library's own stay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace rocksdb::crc32c {

/// CRC-32C of all bytes before, of which `crc` is the sum, and these. 0: of nothing.
std::uint32_t Extend(std::uint32_t crc, const char* data, std::size_t size);
/// Of A and B one after the other, from the sum of each.
std::uint32_t Crc32cCombine(std::uint32_t of_a, std::uint32_t of_b, std::size_t size_of_b);
std::string IsFastCrc32Supported();

}  // namespace rocksdb::crc32c
