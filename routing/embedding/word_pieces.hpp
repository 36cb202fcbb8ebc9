// BERT's uncased WordPiece tokenizer.
#pragma once

#include "routing/embedding/vocabulary.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace switchyard::routing {

/// Appends the ids of the text's pieces to `ids`: what the reference (Hugging Face tokenizers: BertNormalizer, BertPreTokenizer,
/// WordPiece) gives without its special tokens; "[SEP]" and the like within a text are text. A word of more than 100 characters,
/// or one that the vocabulary cannot spell, is [UNK]. Bytes that are no UTF-8 are skipped.
void split_into_pieces(std::string_view text, const vocabulary& known, std::vector<std::uint32_t>& ids);

}  // namespace switchyard::routing
