// The functions between the two layers of a feed-forward block, by transformers' names.
#pragma once

#include <string>
#include <string_view>

namespace blip {

class JsonFields;

enum class Activation {
  gelu,        ///< "gelu": the exact one, by erf
  quick_gelu,  ///< "quick_gelu": x · sigmoid(1.702 x)
  tanh_gelu,   ///< "gelu_pytorch_tanh" and "gelu_new"
};

/// Throws unsupported for another name.
Activation activation_called(std::string_view name);

/// A "hidden_act", or `fallback` where the file has none. Throws malformed or unsupported, naming
/// the field.
std::string read_activation(const JsonFields& fields, const std::string& fallback);

}  // namespace blip
