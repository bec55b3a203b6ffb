// What is sealed in a backup: it comes back as it was written, and no length that it names costs
// memory or is believed beyond its bound.
#include <gtest/gtest.h>

#include "backup/test_backup.hpp"

namespace rap::backup {
namespace {

Bytes with_head(const auto&... parts) {
  Bytes out;
  write_manifest(some_manifest(), out);
  (parts(out), ...);
  return out;
}

void a_file(Bytes& out) {
  write_file_head({"clusters/x/pki/token.key", 0600, 5}, out);
  ByteWriter(out).raw(as_bytes("12345"));
}

void a_database(Bytes& out) {
  begin_database(out);
  write_database(as_bytes("PGDMP"), out);
  write_database({}, out);  // is nothing, and does not end it
  write_database(as_bytes(" and more"), out);
  end_database(out);
}

Bytes whole() {
  return with_head(
      a_file, [](Bytes& out) { write_file_head({"audit-heads.jsonl", 0644, 0}, out); }, a_database,
      write_end);
}

// The error, or the empty string.
std::string read(ByteView archive, RecordingSink& sink, std::size_t piece = 7) {
  ArchiveReader reader(sink);
  for (std::size_t at = 0; at < archive.size(); at += piece) {
    const auto ok = reader.push(archive.subspan(at, std::min(piece, archive.size() - at)));
    if (!ok) return ok.error();
  }
  const auto ok = reader.finish();
  return ok ? "" : ok.error();
}
std::string read(ByteView archive) {
  RecordingSink sink;
  return read(archive, sink);
}

TEST(Archive, ComesBackAsItWasWrittenInWhateverPieces) {
  for (const std::size_t piece : {1, 2, 7, 100, 100'000}) {
    RecordingSink sink;
    ASSERT_EQ("", read(whole(), sink, piece));
    EXPECT_EQ(some_manifest(), sink.described);
    ASSERT_EQ(2U, sink.files.size());
    EXPECT_EQ((ArchivedFile{"clusters/x/pki/token.key", 0600, 5}), sink.files[0]);
    EXPECT_EQ((ArchivedFile{"audit-heads.jsonl", 0644, 0}), sink.files[1]);
    EXPECT_EQ("12345", sink.contents[0]);
    EXPECT_EQ(2U, sink.ended_files);
    EXPECT_EQ("PGDMP and more", sink.database);
    EXPECT_TRUE(sink.database_ended);
  }
}

TEST(Archive, IsMalformedWhereverItIsCutOrLengthened) {
  const Bytes archive = whole();
  for (std::size_t at = 0; at < archive.size(); ++at) {
    EXPECT_NE("", read(ByteView(archive).first(at))) << at;
  }
  Bytes longer = archive;
  longer.push_back(0);
  EXPECT_NE("", read(longer));
}

TEST(Archive, HasOneDescriptionFirstAndOneDatabaseLast) {
  Bytes bare;
  a_database(bare);
  write_end(bare);
  EXPECT_NE("", read(bare)) << "no description";
  EXPECT_NE("", read(with_head(a_file, write_end))) << "no database";
  EXPECT_NE("", read(with_head(a_database, a_file, write_end)));
  EXPECT_NE("", read(with_head(a_database, a_database, write_end)));
  EXPECT_NE("", read(with_head([](Bytes& out) { write_manifest(some_manifest(), out); }, a_database,
                               write_end)));
  EXPECT_NE("", read(with_head([](Bytes& out) { out.push_back(4); }))) << "an unknown kind";
}

TEST(Archive, LeadsNowhereButDown) {
  for (const char* path :
       {"/etc/passwd", "../x", "a/../../x", "a//b", ".", "a/.", "a/", "", "a b", "a\nb"}) {
    EXPECT_FALSE(is_plain_path(path)) << path;
    EXPECT_NE("", read(with_head([&](Bytes& out) { write_file_head({path, 0600, 0}, out); },
                                 a_database, write_end)))
        << path;
  }
  EXPECT_TRUE(is_plain_path("clusters/1b4e/pki/next.new/root.crt"));
  EXPECT_TRUE(is_plain_path(std::string(kMaxPathBytes, 'a')));
  EXPECT_FALSE(is_plain_path(std::string(kMaxPathBytes + 1, 'a')));
}

TEST(Archive, LengthsAreBelievedUpToTheirBoundAndNotBeyond) {
  const auto with_u32 = [](std::uint8_t kind, std::uint32_t value) {
    return [=](Bytes& out) {
      out.push_back(kind);
      ByteWriter(out).u32(value);
    };
  };
  const std::string cut = "its end is missing";
  const auto first = [&](std::uint32_t size) {
    Bytes out;
    with_u32(1, size)(out);
    return read(out);
  };
  EXPECT_NE(first(kMaxManifestBytes).find(cut), std::string::npos) << "at the bound it is awaited";
  EXPECT_EQ(first(kMaxManifestBytes + 1).find(cut), std::string::npos);
  EXPECT_EQ(first(0xffffffff).find(cut), std::string::npos);
  EXPECT_NE(read(with_head(with_u32(3, kMaxBlockBytes))).find(cut), std::string::npos);
  EXPECT_EQ(read(with_head(with_u32(3, kMaxBlockBytes + 1))).find(cut), std::string::npos);
  EXPECT_NE("", read(with_head([](Bytes& out) { write_file_head({"x", kMaxMode + 1, 0}, out); },
                               a_database, write_end)))
      << "a set-user-id bit";
}

TEST(Archive, AFileThatClaimsAllThereIsCostsNoMemory) {
  RecordingSink sink;
  const Bytes archive = with_head(
      [](Bytes& out) { write_file_head({"audit-heads.jsonl", 0600, ~std::uint64_t{0}}, out); },
      [](Bytes& out) { out.insert(out.end(), 100, 'x'); });
  EXPECT_NE("", read(archive, sink));
  EXPECT_EQ(100U, sink.contents[0].size()) << "what there was was passed on, piece by piece";
  EXPECT_LE(sink.largest_piece, 7U);
}

TEST(Archive, HasSoManyFilesAndNoMore) {
  const auto files = [](std::size_t count) {
    return [=](Bytes& out) {
      for (std::size_t i = 0; i < count; ++i) write_file_head({"x", 0600, 0}, out);
    };
  };
  RecordingSink sink;
  EXPECT_EQ("", read(with_head(files(kMaxFiles), a_database, write_end), sink, 100'000));
  EXPECT_NE("", read(with_head(files(kMaxFiles + 1), a_database, write_end), sink, 100'000));
}

TEST(Archive, EndsWithTheErrorOfWhoeverTakesIt) {
  RecordingSink sink;
  sink.refuse_files = true;
  EXPECT_EQ("no room", read(whole(), sink));
  EXPECT_EQ("", sink.database) << "and nothing comes after it";
}

TEST(Manifest, IsReadStrictly) {
  const std::string json = to_json(some_manifest());
  EXPECT_EQ(some_manifest(), parse_manifest(json).value());
  EXPECT_FALSE(parse_manifest(json.substr(1)));
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string out = json;
    out.replace(out.find(from), from.size(), to);
    return parse_manifest(out);
  };
  EXPECT_FALSE(changed("\"schema\":25", "\"schema\":0"));
  EXPECT_FALSE(changed("\"schema\":25", "\"schema\":25,\"more\":1"));
  EXPECT_FALSE(changed("\"audit_seq\":12", "\"audit_seq\":-1"));
  EXPECT_FALSE(changed("abab", "ab"));
  EXPECT_NE(changed("\"host\"", "\"hast\"").error().find("host"), std::string::npos);
  EXPECT_FALSE(changed(std::string(64, 'c'), std::string(63, 'c')));
  EXPECT_FALSE(changed(std::string(64, 'c'), std::string(64, 'C'))) << "one digest, one text";
  EXPECT_TRUE(changed("\"files\":2", "\"files\":4096"));
  EXPECT_FALSE(changed("\"files\":2", "\"files\":4097"));
  EXPECT_TRUE(changed("\"file_bytes\":5", "\"file_bytes\":" + std::to_string(kMaxFileBytes)));
  EXPECT_FALSE(changed("\"file_bytes\":5", "\"file_bytes\":" + std::to_string(kMaxFileBytes + 1)));
}

// Whoever reads it on a terminal decides by it.
TEST(Manifest, MovesNoCursor) {
  const std::string json = to_json(some_manifest());
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string out = json;
    out.replace(out.find(from), from.size(), to);
    return parse_manifest(out);
  };
  for (const char* text : {"\\u001b[1A", "\\r", "\\n", "\\u0000", "\\u007f", "\\u009b", "\\u202e",
                           "gr\xc3\xbc\xc3\x9f"}) {
    EXPECT_FALSE(changed("control-1", text)) << text;
    EXPECT_FALSE(changed("0.1.0", text)) << text;
  }
  EXPECT_TRUE(changed("control-1", "any ~ printable"));
  const auto refused = changed("\"schema\"", "\"\\u001b[1A\":1,\"schema\"");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().find('\x1b'), std::string::npos) << "nor does the name of a member";
}

TEST(Manifest, IsWrittenWithWhatIsPrintableOfAHostsName) {
  Manifest odd = some_manifest();
  odd.host = "gr\xc3\xbc\x1b[2J";
  odd.version = "0.1\n";
  const auto back = parse_manifest(to_json(odd));
  ASSERT_TRUE(back);
  EXPECT_EQ("gr???[2J", back->host);
  EXPECT_EQ("0.1?", back->version);
}

}  // namespace
}  // namespace rap::backup
