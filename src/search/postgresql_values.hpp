// Values as PostgreSQL sends and takes them in its binary format: big-endian, with the number of
// their type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace blip::search {

// Numbers of types that every server has (its pg_type.dat).
inline constexpr unsigned kPostgresqlBool = 16;
inline constexpr unsigned kPostgresqlBytes = 17;
inline constexpr unsigned kPostgresqlInt8 = 20;
inline constexpr unsigned kPostgresqlInt4 = 23;
inline constexpr unsigned kPostgresqlText = 25;
inline constexpr unsigned kPostgresqlFloat8 = 701;

/// A statement with `?` and `?1` as one with `$1`; text between quotes stays as it is.
std::string numbered_parameters(std::string_view sql);

std::string postgresql_integer(std::int64_t value);
std::string postgresql_real(double value);
/// What PostgreSQL takes for text: UTF-8 without NUL, with U+FFFD for all else.
std::string postgresql_text(std::string_view text);
/// pgvector's: how many, nothing, then the numbers.
std::string postgresql_vector(std::span<const float> vector);

// What a server sends is anything; none for what is no value of the type.

/// Of bool, int4 or int8.
std::optional<std::int64_t> decoded_integer(unsigned type, std::span<const std::byte> bytes);
std::optional<double> decoded_real(unsigned type, std::span<const std::byte> bytes);
/// False, too, for a vector of another length.
bool decode_vector(std::span<const std::byte> bytes, std::span<float> vector);

}  // namespace blip::search
