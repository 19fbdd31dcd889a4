package org.dimagi.lake.runner;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * A hard link to a name that exists fails, whoever made it: the content is written and flushed under a name of its
 * own, then linked. Needs a POSIX file system; a network one must honour link() (NFS does).
 */
final class PutIfAbsentOnDisk implements PutIfAbsent {
  @Override
  public boolean put(org.apache.hadoop.fs.Path hadoopTarget, byte[] content) throws IOException {
    Path target = local(hadoopTarget);
    Path draft = draft(target, content);
    try {
      Files.createLink(target, draft);
    } catch (FileAlreadyExistsException taken) {
      // NFS repeats a link() whose answer was lost, and then refuses its own: the same file means it was ours.
      return Files.isSameFile(draft, target);
    } catch (UnsupportedOperationException noLinks) {
      throw new IOException("the file system of " + target + " has no hard links: a Delta log is not safe on it", noLinks);
    } finally {
      Files.deleteIfExists(draft);
    }
    // A commit the ledger is told of must still be there after a power cut: the folder's entry is flushed too.
    flushFolder(target.getParent());
    return true;
  }

  @Override
  public void replace(org.apache.hadoop.fs.Path hadoopTarget, byte[] content) throws IOException {
    Path target = local(hadoopTarget);
    Path draft = draft(target, content);
    try {
      // Hadoop's local file system keeps a checksum beside files that it wrote; it would not fit the new content.
      Files.deleteIfExists(target.resolveSibling("." + target.getFileName() + ".crc"));
      Files.move(draft, target, ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  /** Named as Delta names its own drafts: hidden, so that no reader of the log takes it for a commit. */
  private static Path draft(Path target, byte[] content) throws IOException {
    if (!Files.isDirectory(target.getParent())) throw new FileNotFoundException("no such folder: " + target.getParent());
    Path draft = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try (FileChannel out = FileChannel.open(draft, CREATE_NEW, WRITE)) {
      ByteBuffer rest = ByteBuffer.wrap(content);
      while (rest.hasRemaining()) out.write(rest);
      out.force(true);
    } catch (IOException failed) {
      Files.deleteIfExists(draft);
      throw failed;
    }
    return draft;
  }

  private static void flushFolder(Path folder) throws IOException {
    try (FileChannel entries = FileChannel.open(folder, READ)) {
      entries.force(true);
    }
  }

  private static Path local(org.apache.hadoop.fs.Path path) {
    return Path.of(path.toUri().getPath());
  }
}
