// Texts to vectors in microseconds: WordPiece, a table of rows, their sum, read in context, normalised.
#pragma once

#include "routing/embedding/context_network.hpp"
#include "routing/embedding/table_file.hpp"
#include "routing/embedding/vector_code.hpp"
#include "routing/embedding/vocabulary.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace switchyard::routing {

/// The built-in embedding. Immutable once loaded: any number of threads may use it.
class embedder {
 public:
  /// `alone`: what the file says of context is left aside; embed() is the direction of sum(), as in a table without.
  enum class rows { in_context, alone };
  /// Loads a table file (models/embedding.bin).
  [[nodiscard]] static result<embedder> load(const std::string& path, rows read = rows::in_context);
  [[nodiscard]] static result<embedder> of_table(table_file table, const vector_code& code = best_vector_code());

  [[nodiscard]] std::size_t dimensions() const noexcept { return table_.dimensions(); }
  [[nodiscard]] const vocabulary& pieces() const noexcept { return pieces_; }
  /// Tells embeddings apart: vectors of different ones must not be compared, and a file's rows alone are another one than they are in
  /// context. Walks the table's scales (0.1 ms).
  [[nodiscard]] std::uint64_t fingerprint() const noexcept;

  /// Writes the text's unit vector to `out` (dimensions() floats). A text without any piece gives zeros.
  void embed(std::string_view text, std::span<float> out) const;
  [[nodiscard]] std::vector<float> embed(std::string_view text) const;
  /// The sum of the pieces' rows, without context: its length tells how much the text's words matter.
  void sum(std::string_view text, std::span<float> out) const;
  /// The direction of sum(): coarser than embed(), and several times faster where many short texts are asked about.
  void embed_rows(std::string_view text, std::span<float> out) const;

 private:
  void pool(std::string_view text, std::span<float> out, bool in_context) const;

  embedder(table_file table, vocabulary pieces, const vector_code& code)
      : table_(std::move(table)), pieces_(std::move(pieces)), network_(table_.context(), table_.dimensions(), code), code_(&code) {}

  table_file table_;
  vocabulary pieces_;
  context_network network_;
  const vector_code* code_;
};

/// The cosine of two vectors of embed(): -1..1; 0 when one is zero.
[[nodiscard]] float cosine(std::span<const float> a, std::span<const float> b) noexcept;

}  // namespace switchyard::routing
