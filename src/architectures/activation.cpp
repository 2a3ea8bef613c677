#include "architectures/activation.hpp"

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/json_fields.hpp"

namespace blip {

Activation activation_called(std::string_view name) {
  if (name == "gelu") return Activation::gelu;
  if (name == "quick_gelu") return Activation::quick_gelu;
  if (name == "gelu_pytorch_tanh" || name == "gelu_new") return Activation::tanh_gelu;
  throw Error(ErrorCode::unsupported, in_quotes(name) +
                                          " is not supported, only \"gelu\", \"quick_gelu\", "
                                          "\"gelu_pytorch_tanh\" and \"gelu_new\"");
}

std::string read_activation(const JsonFields& fields, const std::string& fallback) {
  const std::string name = fields.string("hidden_act").value_or(fallback);
  try {
    static_cast<void>(activation_called(name));
  } catch (const Error& error) {
    fields.fail("hidden_act", error.what(), error.code());
  }
  return name;
}

}  // namespace blip
